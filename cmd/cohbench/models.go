package main

import (
	"fmt"
	"path"
	"strings"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/kernelfs"
	"cohbench/core/mmu"
)

// models is the engines whose schedules can be chosen, in display order.
func models() []*core.Model {
	var list []*core.Model
	for _, p := range coherence.All() {
		list = append(list, &core.Model{Policy: p, Tables: mmu.KindSoft})
	}
	return list
}

// chooseModels returns the models with these names, or of these patterns; all
// of them if there are no names.
func chooseModels(names []string) ([]*core.Model, error) {
	if len(names) == 0 {
		return models(), nil
	}
	var list []*core.Model
	for _, name := range names {
		matches, err := matchModels(name)
		if err != nil {
			return nil, usage(err, "'cohbench list' says what they are")
		}
		for _, m := range matches {
			if !hasModel(list, m.Name()) {
				list = append(list, m)
			}
		}
	}
	return list, nil
}

func hasModel(list []*core.Model, name string) bool {
	for _, m := range list {
		if m.Name() == name {
			return true
		}
	}
	return false
}

// matchModels returns the models that a name or pattern stands for, at least
// one.
func matchModels(pattern string) ([]*core.Model, error) {
	var list []*core.Model
	var names []string
	for _, m := range models() {
		names = append(names, m.Name())
		if ok, err := path.Match(pattern, m.Name()); err != nil {
			return nil, fmt.Errorf("engine %q: %w", pattern, err)
		} else if ok {
			list = append(list, m)
		}
	}
	if list != nil {
		return list, nil
	}
	for _, e := range append(kernelfs.Engines(), core.Engine(core.Raw{})) {
		if e.Name() == pattern {
			return nil, fmt.Errorf("engine %q: its schedules cannot be chosen, for they are the machine's: only the models are deterministic: %s",
				pattern, strings.Join(names, ", "))
		}
	}
	return nil, fmt.Errorf("unknown engine %q: there are %s", pattern, strings.Join(names, ", "))
}
