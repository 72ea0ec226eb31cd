package main

import (
	"fmt"
	"strings"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/kernelfs"
	"cohbench/core/mmu"
)

// enginesOn is every engine that can be named, in display order: raw and the
// models, with page tables of a kind, and the running kernel. A run that names
// none does without the kernel: what that does depends on the file system, and
// is a question of its own.
func enginesOn(tables mmu.Kind) []core.Engine {
	return append(coherence.EnginesOn(tables), kernelfs.Engines()...)
}

// A prober is an engine that can say whether this machine has what it needs.
type prober interface{ Probe() error }

// probeEngines refuses engines that this machine cannot run.
func probeEngines(engines []core.Engine) error {
	for _, e := range engines {
		if p, ok := e.(prober); ok {
			if err := p.Probe(); err != nil {
				return environment(fmt.Errorf("engine %s: %w", e.Name(), err), "'cohbench doctor' says what this machine offers")
			}
		}
	}
	return nil
}

// asyncAnswers says which of the engines that keep several direct requests in
// flight this machine can run.
func asyncAnswers() []mmuAnswer {
	var answers []mmuAnswer
	for _, e := range kernelfs.Engines() {
		p, ok := e.(prober)
		if !ok || !core.Asynchronous(e) {
			continue
		}
		a := mmuAnswer{Name: e.Name(), Available: true}
		if err := p.Probe(); err != nil {
			a.Available, a.Why = false, err.Error()
		}
		answers = append(answers, a)
	}
	return answers
}

// lookupEngine returns the engine of that name, or an error that lists the
// names there are.
func lookupEngine(tables mmu.Kind, name string) (core.Engine, error) {
	var names []string
	for _, e := range enginesOn(tables) {
		if e.Name() == name {
			return e, nil
		}
		names = append(names, e.Name())
	}
	return nil, fmt.Errorf("unknown engine %q: there are %s", name, strings.Join(names, ", "))
}
