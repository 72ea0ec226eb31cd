package sched

import (
	"fmt"
	"slices"
	"testing"
)

// traced runs two pairs of crossed mutexes and returns the trace.
func traced(d *Determ, p Picker) []Step {
	g := d.Reset(Config{Picker: p, Record: true})
	crossed(g)
	g.Go("touches", func(th *Thread) {
		th.Yield(7, KindWrite)
		th.Touch(8, KindRead)
	})
	g.Wait()
	return slices.Clone(d.Trace())
}

// switchesOf is the list that has a trace replayed.
func switchesOf(trace []Step) (list []Switch) {
	last := -1
	for i, s := range slices.DeleteFunc(slices.Clone(trace), func(s Step) bool { return s.Also }) {
		list = append(list, Switch{int64(i - last - 1), int(s.Thread)})
		last = i
	}
	return list
}

func TestReplay(t *testing.T) {
	noLeak(t)
	var d Determ
	defer d.Close()
	different := map[string]bool{}
	for seed := range uint64(50) {
		want := traced(&d, Random{random(seed)})
		if got := traced(&d, &Replay{Switches: switchesOf(want)}); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %v\nwant %v", seed, got, want)
		}
		different[fmt.Sprint(want)] = true
	}
	if len(different) < 10 {
		t.Errorf("%d different traces only", len(different))
	}
}

// Without a switch the first thread runs until it is stuck; a switch counts
// steps.
func TestReplaySparse(t *testing.T) {
	noLeak(t)
	for _, test := range []struct {
		switches []Switch
		want     string
	}{
		{nil, "0000111"},
		{[]Switch{{After: 2, To: 1}}, "0011100"},
		{[]Switch{{After: 0, To: 1}, {After: 1, To: 0}}, "1100001"},
		{[]Switch{{After: 1, To: 1}, {After: 0, To: 0}}, "0100011"},
		{[]Switch{{After: 1, To: 5}}, "0000111"},
	} {
		p := &Replay{}
		p.Reset(test.switches)
		var d Determ
		g := d.Reset(Config{Picker: p, Record: true})
		for i := range 2 {
			g.Go("", func(th *Thread) {
				for range 3 - i {
					th.Yield(1, KindWrite)
				}
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, s := range d.Trace() {
			got += fmt.Sprint(s.Thread)
		}
		d.Close()
		if got != test.want {
			t.Errorf("%v: %s, want %s", test.switches, got, test.want)
		}
	}
}

// A trace has what each step announced, and what it touched besides.
func TestTrace(t *testing.T) {
	noLeak(t)
	var d Determ
	defer d.Close()
	g := d.Reset(Config{Picker: &Replay{}, Record: true})
	g.Go("", func(th *Thread) {
		th.Yield(3, KindWrite)
		th.Touch(4, KindRead)
		th.Yield(5, KindRead)
	})
	g.Wait()
	want := []Step{{LocLocal, 0, KindNone, false}, {3, 0, KindWrite, false}, {4, 0, KindRead, true}, {5, 0, KindRead, false}}
	if !slices.Equal(d.Trace(), want) {
		t.Errorf("%v, want %v", d.Trace(), want)
	}
}
