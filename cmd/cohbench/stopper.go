package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cohbench/core/fusemem"
	"cohbench/core/mmu"
	"cohbench/fuzz/shoot"
)

// stopperMemory is memory that stops direct writes. Closing it lets them go.
type stopperMemory interface {
	shoot.Stopper
	io.Closer
}

// stopperKind is a kind of memory that stops direct writes.
type stopperKind struct {
	name string
	open func() (stopperMemory, error)
	hint string // for who lacks it
}

// stopperKinds is all kinds, in the order in which auto tries them.
func stopperKinds() []stopperKind {
	return []stopperKind{
		{"userfaultfd", opener(mmu.NewStopper), "run it as root, or set vm.unprivileged_userfaultfd=1"},
		{"fuse", opener(fusemem.NewStopper), "run it as root, or install fusermount3 (package fuse3)"},
	}
}

// opener makes no interface of a nil pointer.
func opener[M stopperMemory](open func() (M, error)) func() (stopperMemory, error) {
	return func() (stopperMemory, error) {
		m, err := open()
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

// stopperChoice is the value of --stopper: a kind, auto or none.
type stopperChoice string

const (
	autoStopper stopperChoice = "auto"
	noStopper   stopperChoice = "none"
)

const stopperUsage = "with --engine kernel: what holds direct writes: auto (the first there is), userfaultfd, fuse or none"

// Set implements pflag.Value.
func (c *stopperChoice) Set(text string) error {
	names := []string{string(autoStopper)}
	for _, k := range stopperKinds() {
		names = append(names, k.name)
	}
	if names = append(names, string(noStopper)); !slices.Contains(names, text) {
		return errors.New("there are " + strings.Join(names, ", "))
	}
	*c = stopperChoice(text)
	return nil
}

// String implements pflag.Value.
func (c *stopperChoice) String() string { return string(*c) }

// Type implements pflag.Value.
func (c *stopperChoice) Type() string { return "kind" }

// stopper is what holds direct writes.
type stopper struct {
	memory stopperMemory // nil: none
	name   string        // of its kind, or none
	why    string        // not one that auto would rather have; "": it is the first
}

// open makes a stopper of the kind, or of the first kind there is. An error is
// a kind that was named and cannot be had.
func (c stopperChoice) open() (stopper, error) {
	if c == noStopper {
		return stopper{name: string(c), why: "--stopper none"}, nil
	}
	var lacking []string
	for _, k := range stopperKinds() {
		if c != autoStopper && string(c) != k.name {
			continue
		}
		m, err := k.open()
		switch {
		case err == nil:
			return stopper{m, k.name, strings.Join(lacking, "; ")}, nil
		case !errors.Is(err, errors.ErrUnsupported):
			return stopper{}, err
		case c != autoStopper:
			return stopper{}, environment(fmt.Errorf("--stopper %s: %w", c, err),
				k.hint+"; 'cohbench doctor' says what can hold direct writes here")
		}
		lacking = append(lacking, err.Error())
	}
	return stopper{name: string(noStopper), why: strings.Join(lacking, "; ")}, nil
}

// probeStoppers says for doctor which kinds can be had.
func probeStoppers() (list []mmuAnswer) {
	for _, k := range stopperKinds() {
		a := mmuAnswer{Name: k.name}
		m, err := k.open()
		if err == nil {
			err = m.Close()
		}
		if a.Available = err == nil; err != nil {
			a.Why = err.Error()
		}
		list = append(list, a)
	}
	return list
}
