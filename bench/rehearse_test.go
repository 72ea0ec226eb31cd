package bench

import (
	"testing"
	"time"

	"cohbench/workloads"
)

const ms = time.Millisecond

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		name        string
		short, long time.Duration
		want        cost
	}{
		{"fixed cost only", 100 * ms, 220 * ms, cost{40 * ms, 1}},
		{"checks as long as rounds", 160 * ms, 400 * ms, cost{40 * ms, 2}},
		{"noise: the longer one was quicker", 300 * ms, 250 * ms, cost{70 * ms, 1}},
		{"nothing fixed", 60 * ms, 300 * ms, cost{0, 2}},
	} {
		if got := fit(tt.short, tt.long); got != tt.want {
			t.Errorf("%s: fit(%v, %v) = %v, want %v", tt.name, tt.short, tt.long, got, tt.want)
		}
	}
}

// rehearsed makes a runner of two workloads and three engines, six
// repetitions, without running anything.
func rehearsedRunner(t *testing.T, budget time.Duration) *Runner {
	p := Plan{
		Engines:   engines(t, "raw", "addlock"),
		Workloads: []*workloads.Workload{workloads.DirectWrite, workloads.DirectWriteStore},
		Budget:    budget,
	}.withDefaults()
	return &Runner{Plan: p, groups: p.groups(), costs: map[string]cost{
		workloads.DirectWrite.Name:      {50 * ms, 1},
		workloads.DirectWriteStore.Name: {100 * ms, 3},
	}}
}

func TestAffordable(t *testing.T) {
	// 6 repetitions of 3 contenders: 18 * (150 ms + 4 d).
	for budget, want := range map[time.Duration]time.Duration{
		18 * 150 * ms:                   minDuration,
		18 * (150 + 4*500) * ms:         500 * ms,
		18*(150+4*500)*ms + 500*1000:    500 * ms, // rounded down, to whole ms
		18 * (150*ms + 8*maxDuration):   maxDuration,
		18 * (150*ms + 4*(minDuration)): minDuration,
	} {
		if got := rehearsedRunner(t, budget).affordable(); got != want {
			t.Errorf("budget %v: %v per case, want %v", budget, got, want)
		}
	}
}

func TestEstimate(t *testing.T) {
	r := rehearsedRunner(t, time.Minute)
	r.Plan.Duration = 200 * ms
	if got, want := r.Estimate(), 18*(150+4*200)*ms; got != want {
		t.Errorf("estimate %v, want %v", got, want)
	}
}
