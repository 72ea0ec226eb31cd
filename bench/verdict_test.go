package bench

import (
	"slices"
	"strings"
	"testing"

	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/coherence"
)

// engines looks engines up by name.
func engines(t testing.TB, names ...string) []core.Engine {
	t.Helper()
	var list []core.Engine
	for _, name := range names {
		e, err := coherence.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestJudge(t *testing.T) {
	stale := result.Oracle{Checked: 100, Stale: 2}
	for _, tt := range []struct {
		name     string
		records  []result.Record
		broken   []string // a part of each line
		warnings []string
	}{
		{name: "clean", records: []result.Record{
			{Engine: "addlock", Workload: "direct-write+store", Status: "ok", Oracle: result.Oracle{Checked: 100, InFlight: 5}},
		}},
		{name: "stale under a claim", records: []result.Record{
			{Engine: "addlock", Workload: "mixed", Status: "ok", Exposures: 10},
			{Engine: "addlock", Workload: "mixed", Status: "ok", Exposures: 5, Oracle: stale},
		}, broken: []string{"addlock claims to be coherent: mixed: 2 stale (cells, in 15 exposures)"}},
		{name: "every kind counts", records: []result.Record{
			{Engine: "invalidate-lock", Workload: "a", Oracle: result.Oracle{Inverted: 1}},
			{Engine: "invalidate-lock", Workload: "b", Oracle: result.Oracle{Flipped: 1}},
			{Engine: "invalidate-lock", Workload: "c", Oracle: result.Oracle{Torn: 1}},
			{Engine: "invalidate-lock", Workload: "d", Oracle: result.Oracle{Nowhere: 1}},
			{Engine: "invalidate-lock", Workload: "e", Oracle: result.Oracle{Lost: 1}},
			{Engine: "invalidate-lock", Workload: "f", Oracle: result.Oracle{SilentLost: 1}},
			{Engine: "invalidate-lock", Workload: "g", Oracle: result.Oracle{Incoherent: 1}},
		}, broken: []string{"1 inverted", "1 flipped", "1 torn", "1 from nowhere", "1 lost", "1 silently lost", "1 incoherent"}},
		{name: "stale, and the case ended in a deadlock", records: []result.Record{
			{Engine: "addlock", Workload: "mixed", Status: "deadlock", Oracle: stale},
		}, broken: []string{"2 stale", "free of deadlock: mixed: 1 of 1 cases"}},
		{name: "raw", records: []result.Record{
			{Engine: "raw", Workload: "direct-only", Status: "ok", Oracle: stale},
		}, warnings: []string{"the device or this program is at fault"}},
		{name: "not of this plan", records: []result.Record{
			{Engine: "somebody", Workload: "mixed", Status: "ok", Oracle: stale},
		}},
		{name: "controls caught", records: []result.Record{
			{Engine: "none", Workload: "direct-write+store", Status: "ok", Oracle: stale},
			{Engine: "double-invalidate", Workload: "direct-write+store", Status: "ok", Oracle: result.Oracle{Lost: 1}},
			{Engine: "addlock-nofdm", Workload: "self-buffer", Status: "ok"},
			{Engine: "addlock-nofdm", Workload: "self-buffer", Status: "deadlock"},
		}},
		{name: "controls look clean", records: []result.Record{
			{Engine: "none", Workload: "direct-write+store", Status: "ok", Exposures: 77},
			{Engine: "none", Workload: "direct-write", Status: "ok"},
			{Engine: "addlock-nofdm", Workload: "self-buffer", Status: "ok"},
		}, warnings: []string{
			"none on direct-write+store looks coherent (77 exposures in 1 cases): the control looks clean: the run is too short to tell",
			"addlock-nofdm on self-buffer looks free of deadlock",
		}},
		{name: "the environment failed", records: []result.Record{
			{Engine: "addlock", Workload: "mixed", Status: "ok"},
			{Engine: "addlock", Workload: "mixed", Status: "error", Detail: "write: no space left\nmore"},
		}, warnings: []string{"addlock on mixed: 1 of 2 cases failed: write: no space left"}},
	} {
		v := Judge(coherence.Engines(), tt.records)
		if !matches(v.Broken, tt.broken) || !matches(v.Warnings, tt.warnings) {
			t.Errorf("%s:\nbroken   %q\nwant     %q\nwarnings %q\nwant     %q", tt.name, v.Broken, tt.broken, v.Warnings, tt.warnings)
		}
	}
}

// matches says whether each line contains the part wanted of it.
func matches(lines, parts []string) bool {
	return slices.EqualFunc(lines, parts, strings.Contains)
}
