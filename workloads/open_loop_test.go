package workloads

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestArrivals: constant ones are evenly spaced and the tasks take turns;
// Poisson ones have the same mean, and gaps that vary as much as they are long.
func TestArrivals(t *testing.T) {
	a, b := newArrivals(ArrivalConstant, 1000, 100, 0, 1), newArrivals(ArrivalConstant, 1000, 100, 0.5, 1)
	for i := range int64(5) {
		if x, y := a.pop(), b.pop(); x != 1000+100*i || y != 1050+100*i {
			t.Errorf("arrival %d: %d and %d", i, x, y)
		}
	}
	const n = 20_000
	p, again := newArrivals(ArrivalPoisson, 0, 1000, 0, 7), newArrivals(ArrivalPoisson, 0, 1000, 0, 7)
	var last, sum, squares float64
	for range n {
		at := p.pop()
		if at != again.pop() {
			t.Fatal("the same seed gives other arrivals")
		}
		gap := float64(at) - last
		sum, squares, last = sum+gap, squares+gap*gap, float64(at)
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-1000) > 50 || math.Abs(deviation-1000) > 50 {
		t.Errorf("gaps of %.0f +- %.0f, want 1000 +- 1000", mean, deviation)
	}
}

// above counts the values of a histogram above ns.
func above(h *hdrhistogram.Histogram, ns int64) (n int64) {
	for _, bar := range h.Distribution() {
		if bar.From > ns {
			n += bar.Count
		}
	}
	return n
}

// openCase offers direct writes at a rate to one task, of which every second
// one takes 60 ms.
func openCase(rate float64, arrival Arrival) *Case {
	c := quickCase(&memEngine{name: "stalls", slowNth: 2, slow: 60 * time.Millisecond}, DirectWrite)
	c.Params.Threads, c.Params.Arrival = 1, arrival
	c.Params.Rates[OpDirectWrite] = rate
	c.Duration, c.StarveAfter = 200*time.Millisecond, time.Minute
	return c
}

// TestStallIsNotOmitted: an engine that stalls is slow for everybody who should
// have been served meanwhile, not for the one operation alone that it held.
func TestStallIsNotOmitted(t *testing.T) {
	for _, arrival := range []Arrival{ArrivalConstant, ArrivalPoisson} {
		class := mustRun(t, openCase(1000, arrival)).Classes["direct-write"]
		o := class.Open
		if o == nil || o.Arrival != arrival || class.Offered != 1000 {
			t.Fatalf("offered %g, %+v", class.Offered, o)
		}
		if o.Due < 100 || class.Hist.TotalCount() != o.Due || o.Service.TotalCount() != o.Due-o.Unserved {
			t.Errorf("%v: %d due, %d unserved, %d latencies, %d service times",
				arrival, o.Due, o.Unserved, class.Hist.TotalCount(), o.Service.TotalCount())
		}
		slow, held := above(class.Hist, 20e6), above(o.Service, 20e6)
		if slow < 2*held || o.MaxBacklog < 20 || o.Unserved == 0 {
			t.Errorf("%v: %d operations late by 20 ms, %d held that long; backlog %d, unserved %d",
				arrival, slow, held, o.MaxBacklog, o.Unserved)
		}
	}
}

// TestClosedLoopHasNoSchedule: without a rate a latency is service time.
func TestClosedLoopHasNoSchedule(t *testing.T) {
	o := mustRun(t, quickCase(&memEngine{name: "mem"}, DirectWriteLoad))
	if c := o.Classes["direct-write"]; c.Open != nil || c.Offered != 0 {
		t.Errorf("direct-write: offered %g, %+v", c.Offered, c.Open)
	}
	want := DirectWriteLoad.Defaults.LoadRate
	if c := o.Classes["load"]; c.Open != nil || math.Abs(c.Offered-want) > want/100 {
		t.Errorf("load: offered %g, want the workload's own %g; %+v", c.Offered, want, c.Open)
	}
}

func TestRatesOfClasses(t *testing.T) {
	for _, tt := range []struct {
		w    *Workload
		op   Op
		want string // in the error
	}{
		{DirectWriteStore, OpStore, ""},
		{DirectWriteStore, OpFault, "want a rate of [direct-write store sync]"},
		{Mixed, OpDirectWrite, "none of them on a schedule"},
	} {
		p := tt.w.Defaults
		p.Rates[tt.op] = 5
		err := (&Case{Engine: &memEngine{}, Backing: memBacking(1, p.Size), Workload: tt.w, Params: p}).Check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s of %s: %v, want %q", tt.op, tt.w.Name, err, tt.want)
		}
	}
	if op, ok := FaultStorm.Primary(FaultStorm.Defaults); !ok || op != OpDirectWrite {
		t.Errorf("primary class of fault-storm: %s, %v", op, ok)
	}
}

// TestPacedRolesKeepTheirSchedule: every role that says it can be offered at a
// rate is, at that one.
func TestPacedRolesKeepTheirSchedule(t *testing.T) {
	for _, w := range All() {
		p := quickCase(&memEngine{}, w).Params
		for _, op := range w.classes(p) {
			c := quickCase(&memEngine{name: "mem"}, w)
			c.Params.Rates[op] = 300
			o := mustRun(t, c)
			class := o.Classes[op.String()]
			// On a busy machine a round takes longer than it should.
			most := int64(2*300*o.Elapsed.Seconds()) + int64(c.Params.Threads+c.Params.Partners)
			if class == nil || class.Open == nil || class.Open.Due == 0 || class.Ops > most {
				t.Errorf("%s: %s at 300 per second for %v: %+v", w.Name, op, o.Elapsed, class)
			}
		}
	}
}

func TestJain(t *testing.T) {
	for _, tt := range []struct {
		shares []int64
		want   float64
	}{
		{[]int64{5, 5, 5, 5}, 1}, {[]int64{8, 0, 0, 0}, 0.25}, {[]int64{0, 0}, 1}, {[]int64{3, 1}, 0.8},
	} {
		if got := jain(tt.shares); got != tt.want {
			t.Errorf("%v: %g, want %g", tt.shares, got, tt.want)
		}
	}
}

// TestFairnessCountsTheStarved: a task that never came through is in the index.
func TestFairnessCountsTheStarved(t *testing.T) {
	lazy := &Workload{Name: "lazy", Files: 1, Defaults: onePage, Roles: func(Params) []Role {
		return []Role{{Name: "task", Threads: 4, Body: func(c *Context) {
			for !c.Done() {
				if c.Index == 0 {
					c.WriteDirect(0, 0)
				} else {
					time.Sleep(time.Millisecond)
				}
			}
		}}}
	}}
	if got := mustRun(t, quickCase(&memEngine{name: "mem"}, lazy)).Classes["direct-write"].Jain; got != 0.25 {
		t.Errorf("one of four tasks did everything: Jain's index %g", got)
	}
}
