package coherence

import "cohbench/core"

// None is the control that must look terrible: direct IO pays no attention to
// the cache at all. Truncate and punch keep their lock.
//
// It closes no window: a cached page stays, and is stale from the moment that
// the direct write lands.
var None = &core.Policy{
	Name: "none",
	Doc: "control: direct IO neither invalidates nor writes back anything (truncate and punch keep their lock). Closes no " +
		"window; must be caught.",
	Lock:  newRWSem,
	Hooks: unlockedHooks{},
}
