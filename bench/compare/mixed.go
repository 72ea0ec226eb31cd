package compare

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"cohbench/bench/result"
)

// ownMMU says that an engine has page tables which stand for others. raw has
// none, and those behind engine kernel are what all the others imitate, so
// either stands beside any.
func ownMMU(mmu string) bool { return mmu != "none" && mmu != kernelMMU }

// kernelMMU is the MMU of engines that are the running kernel.
const kernelMMU = "kernel"

// words names the fields of a case that do not name themselves.
var words = map[string]string{
	"Workload": "workloads", "Threads": "threads", "MMU": "MMUs", "IO": "IO", "Block": "block sizes", "Size": "file sizes",
	"IODepth": "IO depths (0: one at a time)", "Set": "settings",
}

// Mixed says why two cases cannot be compared; "" if they can: they may differ
// by the engine and the twin alone. It looks at all fields there are, so that
// none is forgotten.
func Mixed(a, b result.Case) string {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		name := x.Type().Field(i).Name
		left, right := x.Field(i).Interface(), y.Field(i).Interface()
		switch {
		case left == right, name == "Engine", name == "Pair":
		case name == "MMU" && (!ownMMU(a.MMU) || !ownMMU(b.MMU)):
		default:
			return fmt.Sprintf("different %s: %s and %s", cmp.Or(words[name], strings.ToLower(name)), shown(left), shown(right))
		}
	}
	return ""
}

func shown(v any) string {
	if v == "" {
		return "none"
	}
	return fmt.Sprint(v)
}

// MixedRuns says why the records of two runs cannot be compared; "" if they
// can. What is not known may differ; what cases differ by is for Mixed.
func MixedRuns(a, b *result.Env) string {
	if a.Kernel == "" || b.Kernel == "" {
		return "the environment of one run is not known"
	}
	for _, f := range [][3]string{
		{"kernels", a.Kernel, b.Kernel},
		{"file systems", a.FileSystem, b.FileSystem},
		{"devices", a.Device, b.Device},
		{"CPUs", a.CPU, b.CPU},
		{"IO", a.IO, b.IO},
	} {
		if f[1] != f[2] {
			return fmt.Sprintf("different %s: %s and %s", f[0], f[1], f[2])
		}
	}
	return ""
}
