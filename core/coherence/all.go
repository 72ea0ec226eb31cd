package coherence

import (
	"fmt"
	"strings"

	"cohbench/core"
)

// All is the policies in display order.
func All() []*core.Policy {
	return []*core.Policy{
		AddLock,
		AddLockVFSExtent,
		InvalidateLock,
		DoubleInvalidate,
		None,
		AddLockNoFDM,
	}
}

// Engines is raw and a model engine for each policy, in display order.
func Engines() []core.Engine {
	engines := []core.Engine{core.Raw{}}
	for _, p := range All() {
		engines = append(engines, &core.Model{Policy: p})
	}
	return engines
}

// Lookup returns the engine of that name, or an error that lists the names
// there are.
func Lookup(name string) (core.Engine, error) {
	var names []string
	for _, e := range Engines() {
		if e.Name() == name {
			return e, nil
		}
		names = append(names, e.Name())
	}
	return nil, fmt.Errorf("unknown engine %q: there are %s", name, strings.Join(names, ", "))
}
