package explore

import (
	"context"
	"math"
	"math/rand/v2"

	"cohbench/core/sched"
)

// Estimate is about how much a search has to do, of a kind that leaves whole
// parts of the tree of schedules out only where it can tell before: a bounded
// one, or one with Config.Full.
type Estimate struct {
	Schedules float64 // decimal logarithm: there may be more than a float64 holds
	Steps     float64 // of all of them; the same
	Spread    float64 // standard error of the number of schedules, as a part of it
	Played    int64   // steps that the estimate took
}

// Probe estimates a search by random schedules (Knuth, Estimating the
// Efficiency of Backtrack Programs, 1975): one that is chosen with probability
// q stands for 1/q of them. Choices are made so that schedules are about
// equally likely: with a bound, preemptions may come anywhere; without one, a
// thread goes on the more likely the more it has to do yet. The estimate is of
// the search as it is with what the probes have learnt of the locations that
// matter.
func Probe(ctx context.Context, cfg Config, probes int) Estimate {
	subject := cfg.New()
	defer closeSubject(subject)
	p := &prober{dice: rand.New(rand.NewPCG(1, 1))}
	p.bound, p.full = cfg.Bound, cfg.Full
	if cfg.Bound == Unbounded {
		p.bound = math.MaxInt
	}
	var e Estimate
	var schedules, steps []float64
	for i := range probes + learning {
		if ctx.Err() != nil {
			break
		}
		p.start()
		subject.Run(p)
		p.learn()
		e.Played += int64(p.step + 1)
		if i >= learning {
			schedules = append(schedules, p.weight)
			steps = append(steps, p.weight+math.Log(float64(p.step+1)))
		}
	}
	e.Schedules, e.Spread = mean(schedules)
	e.Steps, _ = mean(steps)
	return e
}

// learning is how many probes are for learning only.
const learning = 12

// prober is the picker of a probe.
type prober struct {
	bounded
	dice   *rand.Rand
	weight float64 // natural logarithm of how many schedules this one stands for

	places  float64 // at which a schedule may be preempted, on average
	passed  float64 // in this one
	lengths [MaxThreads]float64
	taken   [MaxThreads]float64
	runs    float64
}

func (p *prober) start() {
	p.begin()
	p.weight, p.passed, p.taken = 0, 0, [MaxThreads]float64{}
}

// learn takes the schedule just played into the averages.
func (p *prober) learn() {
	p.runs++
	p.places += (p.passed - p.places) / p.runs
	for i, n := range p.taken {
		p.lengths[i] += (n - p.lengths[i]) / p.runs
	}
	p.sharing.promote()
}

// Pick implements sched.Picker. It is bounded.Pick with other choices.
func (p *prober) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	p.step++
	t := p.choose(runnable, current)
	p.taken[t.ID]++
	if p.full {
		return t
	}
	if t != current {
		p.sharing.matters(t)
		p.resume(t)
	}
	p.log = append(p.log, pending(t))
	return t
}

func (p *prober) choose(runnable []*sched.Thread, current *sched.Thread) *sched.Thread {
	matters := p.full || current == nil || p.sharing.matters(current)
	usual := current
	if usual == nil {
		usual = runnable[0]
	}
	switch {
	case len(runnable) == 1 || !matters || p.vain:
		return usual
	case p.bound == math.MaxInt:
		return p.byLength(runnable)
	case current == nil:
		p.weight += math.Log(float64(len(runnable)))
		return runnable[p.dice.IntN(len(runnable))]
	case p.used == p.bound:
		return current
	}
	return p.preempt(runnable, current)
}

// byLength picks a thread by what it has to do yet.
func (p *prober) byLength(runnable []*sched.Thread) *sched.Thread {
	var left [MaxThreads]float64
	sum := 0.0
	for i, t := range runnable {
		left[i] = max(p.lengths[t.ID]-p.taken[t.ID], 1)
		sum += left[i]
	}
	at := p.dice.Float64() * sum
	for i, t := range runnable {
		if at -= left[i]; at < 0 || i == len(runnable)-1 {
			p.weight += math.Log(sum / left[i])
			return t
		}
	}
	return nil
}

// preempt stops the thread that runs, or not.
func (p *prober) preempt(runnable []*sched.Thread, current *sched.Thread) *sched.Thread {
	p.passed++
	q := min(0.5, float64(p.bound-p.used)/max(p.places-p.passed+2, 1))
	if p.dice.Float64() >= q {
		p.weight -= math.Log(1 - q)
		return current
	}
	p.used++
	p.stopped[current.ID] = len(p.log) + 1
	p.weight += math.Log(float64(len(runnable)-1) / q)
	at := p.dice.IntN(len(runnable) - 1)
	if runnable[at].ID >= current.ID {
		at++
	}
	return runnable[at]
}

// mean is the decimal logarithm of the mean of numbers whose natural logarithms
// are given, and its standard error as a part of it.
func mean(logs []float64) (log, spread float64) {
	if len(logs) == 0 {
		return 0, 0
	}
	top := logs[0]
	for _, x := range logs {
		top = max(top, x)
	}
	var sum, squares float64
	for _, x := range logs {
		w := math.Exp(x - top)
		sum += w
		squares += w * w
	}
	n := float64(len(logs))
	m := sum / n
	spread = math.Sqrt(max(squares/n-m*m, 0)/n) / m
	return (top + math.Log(m)) / math.Ln10, spread
}
