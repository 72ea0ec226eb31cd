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
