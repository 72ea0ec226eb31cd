package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// A Timeline is who held the pagecache lock of a case, and who waited for it,
// during a window that ends a little after the longest wait seen.
type Timeline struct {
	Label string
	Width float64 // of the window, in ns
	Wait  float64 // the longest, in ns; 0: nobody waited
	Tasks []TaskLine
}

// A TaskLine is one task that had to do with the lock.
type TaskLine struct {
	Name  string
	Spans []Span // in order of time, from the start of the window
}

// A Span is a stretch of time in which a task held a side of the lock, or waited
// for it.
type Span struct {
	From, To float64 // ns
	Block    bool    // the side: to block, else to add
	Waits    bool
}

// mostTimelines is how many panels a figure has at most.
const mostTimelines = 6

// Timelines returns what was traced of one workload: the one with the longest
// wait, and of its steps the last, where most is going on. idle names the engines
// of it that are left out, because nobody blocked adders there: those without
// such a lock.
func Timelines(traces []result.Trace) (all []Timeline, idle []string) {
	longest := make(map[string]float64)
	for _, tr := range traces {
		lines, _ := taskLines(tr.Events)
		_, wait := longestWait(lines)
		longest[tr.Workload] = max(longest[tr.Workload], wait)
	}
	chosen := ""
	for _, tr := range traces {
		if chosen == "" || longest[tr.Workload] > longest[chosen] {
			chosen = tr.Workload
		}
	}
	last := make(map[string]result.Trace) // by engine
	var engines []string
	for _, tr := range traces {
		switch {
		case tr.Workload != chosen:
			continue
		case !blocks(tr.Events):
			idle = append(idle, tr.Engine)
			continue
		case !slices.Contains(engines, tr.Engine):
			engines = append(engines, tr.Engine)
		}
		last[tr.Engine] = tr
	}
	idle = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(idle))), func(e string) bool { return slices.Contains(engines, e) })
	for _, e := range engines[:min(len(engines), mostTimelines)] {
		all = append(all, newTimeline(last[e]))
	}
	alike(all)
	return all, idle
}

// blocks reports whether anybody took the side of the lock that keeps adders
// out, or waited for it.
func blocks(events []result.LockEvent) bool {
	return slices.ContainsFunc(events, func(e result.LockEvent) bool { return e.Step == result.StepBlock || e.Step == result.StepWaitBlock })
}

// newTimeline has the whole of a trace; alike cuts it.
func newTimeline(tr result.Trace) Timeline {
	lines, _ := taskLines(tr.Events)
	label := fmt.Sprintf("%s, %d %s", tr.Workload, tr.Threads, plural(tr.Threads, "thread"))
	if tr.Set != "" {
		label += ", " + tr.Set
	}
	label += ": " + tr.Engine
	_, wait := longestWait(lines)
	return Timeline{Label: label, Wait: wait, Tasks: lines}
}

// A hold is what a task has or wants at a moment: how often, and since when.
type hold struct {
	depth int
	since float64
}

// taskLines turns events into spans, by task in order of name, and says when the
// last event was. A task that takes a side again while it holds it, holds it
// once. What a task had before the first event is held since then.
func taskLines(events []result.LockEvent) ([]TaskLine, float64) {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b result.LockEvent) int { return cmp.Compare(a.Ns, b.Ns) })
	if len(events) == 0 {
		return nil, 0
	}
	start, end := float64(events[0].Ns), float64(events[len(events)-1].Ns)
	builders := make(map[string]*lineBuilder)
	var names []string
	for _, e := range events {
		b := builders[e.Task]
		if b == nil {
			b = &lineBuilder{start: start}
			builders[e.Task] = b
			names = append(names, e.Task)
		}
		b.step(e.Step, float64(e.Ns))
	}
	slices.Sort(names)
	var lines []TaskLine
	for _, name := range names {
		b := builders[name]
		b.finish(end)
		slices.SortFunc(b.spans, func(x, y Span) int { return cmp.Compare(x.From, y.From) })
		lines = append(lines, TaskLine{name, b.spans})
	}
	return lines, end
}

// lineBuilder follows one task.
type lineBuilder struct {
	start float64
	held  [2]hold // by side: add, block
	wait  struct {
		on    bool
		block bool
		since float64
	}
	spans []Span
}

func (b *lineBuilder) step(step string, ns float64) {
	switch step {
	case result.StepWaitAdd, result.StepWaitBlock:
		b.wait.on, b.wait.block, b.wait.since = true, step == result.StepWaitBlock, ns
	case result.StepAdd, result.StepBlock:
		b.endWait(ns)
		h := &b.held[side(step == result.StepBlock)]
		if h.depth == 0 {
			h.since = ns
		}
		h.depth++
	case result.StepUnadd, result.StepUnblock:
		b.release(step == result.StepUnblock, ns)
	case result.StepGaveUp:
		b.endWait(ns)
	}
}

func side(block bool) int {
	if block {
		return 1
	}
	return 0
}

func (b *lineBuilder) endWait(ns float64) {
	if b.wait.on {
		b.spans = append(b.spans, Span{b.wait.since, ns, b.wait.block, true})
		b.wait.on = false
	}
}

func (b *lineBuilder) release(block bool, ns float64) {
	h := &b.held[side(block)]
	if h.depth == 0 { // it was taken before the trace began
		h.depth, h.since = 1, b.start
	}
	h.depth--
	if h.depth == 0 {
		b.spans = append(b.spans, Span{h.since, ns, block, false})
	}
}

// finish ends what is under way when the trace ends.
func (b *lineBuilder) finish(end float64) {
	b.endWait(end)
	for i, h := range b.held {
		if h.depth > 0 {
			b.spans = append(b.spans, Span{h.since, end, i == 1, false})
		}
	}
}

// longestWait is the end of the longest wait for the block side, else for the
// other, and how long it was.
func longestWait(lines []TaskLine) (end, wait float64) {
	for _, block := range []bool{true, false} {
		for _, l := range lines {
			for _, s := range l.Spans {
				if s.Waits && s.Block == block && s.To-s.From > wait {
					end, wait = s.To, s.To-s.From
				}
			}
		}
		if wait > 0 {
			return end, wait
		}
	}
	return 0, 0
}

// Limits of a window. Below the one, a few system calls fill it; above the other
// nothing can be told apart.
const (
	minWindow = 0.5e6
	maxWindow = 20e6
)

// alike cuts all timelines to windows of one width, which holds the longest wait
// of any, if it can.
func alike(all []Timeline) {
	width := minWindow
	for _, t := range all {
		width = max(width, min(maxWindow, t.Wait*1.4))
	}
	for i := range all {
		all[i].cut(width)
	}
}

// cut keeps a window with the longest wait near its end.
func (t *Timeline) cut(width float64) {
	end, _ := longestWait(t.Tasks)
	first, last := math.Inf(1), 0.0
	for _, l := range t.Tasks {
		for _, s := range l.Spans {
			first, last = min(first, s.From), max(last, s.To)
		}
	}
	// Behind the last event nothing is known.
	from := max(first, min(end-width*0.85, last-width))
	t.Width = width
	for i := range t.Tasks {
		var kept []Span
		for _, s := range t.Tasks[i].Spans {
			s.From, s.To = max(0, s.From-from), min(width, s.To-from)
			if s.To > 0 && s.From < width && s.To >= s.From {
				kept = append(kept, s)
			}
		}
		t.Tasks[i].Spans = kept
	}
	t.Tasks = slices.DeleteFunc(t.Tasks, func(l TaskLine) bool { return len(l.Spans) == 0 })
}

// Inks of what a task does with a lock: engines' colours, but no engine is meant.
var (
	addInk   = looks[2].color
	blockInk = looks[5].color
)

// timeline draws who had the lock when.
func timeline(data []Timeline, idle []string) *Figure {
	f := &Figure{
		Name:  "timeline",
		Title: "Who holds the pagecache lock, and who waits for it",
		Note: "A row per task that had to do with the lock, around the longest wait for the block side that was seen; the same length of time in all panels. " +
			"Watched in cases of their own, which are in no other figure.",
		wide: true,
		legend: []key{
			{"holds it to add pages", func(c *draw.Canvas, at vg.Point) { fill(c, addInk, box(at.X-9, at.Y-4, at.X+9, at.Y+4)) }},
			{"holds it to block adders", func(c *draw.Canvas, at vg.Point) { fill(c, blockInk, box(at.X-9, at.Y-4, at.X+9, at.Y+4)) }},
			{"waits to add", func(c *draw.Canvas, at vg.Point) { drawWait(c, addInk, at.X-9, at.X+9, at.Y) }},
			{"waits to block", func(c *draw.Canvas, at vg.Point) { drawWait(c, blockInk, at.X-9, at.X+9, at.Y) }},
		},
	}
	if len(idle) > 0 {
		f.Note += " Left out, since nothing there keeps faults out: " + strings.Join(idle, ", ") + "."
	}
	for _, d := range data {
		f.panels = append(f.panels, d.panel())
		f.panelHeight = max(f.panelHeight, 58+11*vg.Length(len(d.Tasks)))
	}
	return f
}

func (t Timeline) panel() *plot.Plot {
	title := t.Label
	if t.Wait > 0 {
		title += "; longest wait seen " + quantity.Duration(t.Wait)
	}
	p := newPanel(title, "time", "")
	var names []string
	for _, l := range t.Tasks {
		names = append(names, l.Name)
	}
	engineAxis(p, names)
	p.Y.Tick.Label.Font.Size = 7.5
	p.X.Min, p.X.Max = 0, t.Width
	p.X.Tick.Marker, _ = linear(t.Width, 8, quantity.ExactDuration)
	p.Add(grid{x: true}, spans{t})
	return p
}

// spans is a plotter.
type spans struct{ line Timeline }

// Plot implements plot.Plotter.
func (s spans) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	half := (ty(1) - ty(0)) * 0.36
	for i, l := range s.line.Tasks {
		y := ty(rowOf(i, len(s.line.Tasks)))
		for _, d := range visibleSpans(l.Spans, tx) {
			ink := addInk
			if d.block {
				ink = blockInk
			}
			if d.waits {
				drawWait(&c, ink, d.x0, d.x1, y)
				continue
			}
			fill(&c, ink, box(d.x0, y-half, d.x1, y+half))
		}
	}
}

// drawWait draws a wait as a line between two ticks.
func drawWait(c *draw.Canvas, ink color.Color, x0, x1, y vg.Length) {
	c.StrokeLine2(solid(ink, 1.1), x0, y, x1, y)
	if x1-x0 > 3 {
		c.StrokeLine2(solid(ink, 1.1), x0, y-2, x0, y+2)
	}
}

// drawn is a span on paper.
type drawn struct {
	x0, x1       vg.Length
	block, waits bool
}

// visibleSpans joins spans of a kind between which no gap would be seen, and
// makes those that are too short to be seen just visible.
func visibleSpans(list []Span, tx func(float64) vg.Length) []drawn {
	const least = 0.4
	last := make(map[[2]bool]int) // the latest of each kind
	var out []drawn
	for _, s := range list {
		d := drawn{tx(s.From), max(tx(s.To), tx(s.From)+least), s.Block, s.Waits}
		kind := [2]bool{s.Block, s.Waits}
		if i, ok := last[kind]; ok && d.x0-out[i].x1 < least {
			out[i].x1 = max(out[i].x1, d.x1)
			continue
		}
		last[kind] = len(out)
		out = append(out, d)
	}
	return out
}
