package workloads

// MixedOneLock is Mixed, one operation at a time: the control.
var MixedOneLock = &Workload{
	Name: "mixed-one-lock",
	Doc: "As mixed, with every operation under one lock of the harness, mapped accesses included. No window is left for " +
		"anybody, so neither an engine nor a kernel may show anything, but for those that do not invalidate at all: " +
		"it calibrates the oracle.",
	Defaults: Mixed.Defaults,
	Files:    Mixed.Files,
	Resizes:  Mixed.Resizes,
	OneLock:  true,
	Roles:    Mixed.Roles,
}
