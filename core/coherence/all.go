package coherence

import (
	"fmt"
	"strings"

	"cohbench/core"
	"cohbench/core/mmu"
)

// All is the policies in display order: the rivals, then the controls.
func All() []*core.Policy {
	return []*core.Policy{
		AddLock,
		AddLockVFSExtent,
		PinFirst,
		FaultInAndRetry,
		FDMHash,
		InvalidateLock,
		DoubleInvalidate,
		None,
		AddLockNoFDM,
		InvalidateLockWide,
	}
}

// Common is the policies of a run that names none: one for each answer to what
// is locked. Those that differ from one of them in a detail are left out.
func Common() []*core.Policy {
	return []*core.Policy{
		AddLock,
		AddLockVFSExtent,
		InvalidateLock,
		DoubleInvalidate,
		None,
		AddLockNoFDM,
	}
}

// Engines is raw and a model engine for each policy, in display order, on the
// software MMU.
func Engines() []core.Engine { return EnginesOn(mmu.KindSoft) }

// EnginesOn is Engines on an MMU. If the machine lacks it, Open says so.
func EnginesOn(k mmu.Kind) []core.Engine { return models(k, All()) }

// CommonEngines is raw and a model engine for each of Common, on an MMU.
func CommonEngines(k mmu.Kind) []core.Engine { return models(k, Common()) }

func models(k mmu.Kind, policies []*core.Policy) []core.Engine {
	engines := []core.Engine{core.Raw{}}
	for _, p := range policies {
		e := &core.Model{Policy: p, Tables: k}
		if p.FileSystem != nil {
			e.Options.FileSystem = p.FileSystem()
		}
		engines = append(engines, e)
	}
	return engines
}

// Lookup returns the engine of that name on the software MMU, or an error that
// lists the names there are.
func Lookup(name string) (core.Engine, error) { return LookupOn(mmu.KindSoft, name) }

// LookupOn is Lookup on an MMU.
func LookupOn(k mmu.Kind, name string) (core.Engine, error) {
	var names []string
	for _, e := range EnginesOn(k) {
		if e.Name() == name {
			return e, nil
		}
		names = append(names, e.Name())
	}
	return nil, fmt.Errorf("unknown engine %q: there are %s", name, strings.Join(names, ", "))
}
