package fuzz

import (
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"strings"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/sched"
	"cohbench/fuzz/exec"
	"cohbench/fuzz/explore"
	"cohbench/fuzz/prog"
)

// Details is where a target writes what it found before it panics.
var Details io.Writer = os.Stderr

const (
	// targetSchedules is how many random schedules a program without one has.
	targetSchedules = 4
	// targetOps is the most operations of an input. What comes after is left out.
	targetOps = 16
	// farSwitch is from where on a switch is taken for a random number, and
	// brought to where it may matter.
	farSwitch, nearSwitch = 4096, 256
)

// Claimants is the engines of the model that claim to be coherent, in display
// order.
func Claimants() (list []*core.Model) {
	for _, p := range coherence.All() {
		if p.Claims.Coherent {
			list = append(list, &core.Model{Policy: p})
		}
	}
	return list
}

// Decode makes a program of any input: one for which coherence is claimed, on
// the engine that it names.
func Decode(data []byte) *prog.Program {
	var engine byte
	if len(data) > 0 {
		engine, data = data[0], data[1:]
	}
	p := prog.Decode(data)
	claimants := Claimants()
	p.Engine = claimants[int(engine)%len(claimants)].Name()
	left := targetOps
	for i := range p.Tasks {
		t := &p.Tasks[i]
		t.Ops = t.Ops[:min(len(t.Ops), left)]
		left -= len(t.Ops)
	}
	for i := range p.Schedule {
		if s := &p.Schedule[i]; s.After >= farSwitch {
			s.After %= nearSwitch
		}
	}
	p.Tame()
	return p
}

// Encode is the input that stands for a program. It fails if its engine is none
// of those that claim coherence, or the program is larger than the binary form
// allows.
func Encode(p *prog.Program) ([]byte, error) {
	for i, m := range Claimants() {
		if m.Name() == p.Engine {
			data, err := p.Encode()
			return append([]byte{byte(i)}, data...), err
		}
	}
	return nil, fmt.Errorf("encode %s: %q is no engine that claims to be coherent", p.Name, p.Engine)
}

// Target runs inputs. It keeps what runs need.
type Target struct {
	runners  map[string]*exec.Runner
	sampler  *explore.POS
	recorder explore.Recorder
}

// NewTarget makes a target.
func NewTarget() *Target {
	t := &Target{runners: map[string]*exec.Runner{}, sampler: explore.NewPOS(0)}
	t.recorder.Picker = t.sampler
	for _, m := range Claimants() {
		r := exec.New(m)
		r.MaxSteps = runSteps
		t.runners[m.Name()] = r
	}
	return t
}

// Close ends what the target keeps.
func (t *Target) Close() {
	for _, r := range t.runners {
		r.Close()
	}
}

// Run runs the program that data stands for, and panics if the engine does what
// it claims never to do.
func (t *Target) Run(data []byte) {
	if p, res := t.Find(data); res != nil {
		fail(p, res)
	}
}

// Find runs the program that data stands for. If it finds something it returns
// the result, and the program has the schedule; else the result is nil.
func (t *Target) Find(data []byte) (*prog.Program, *exec.Result) {
	p := Decode(data)
	r := t.runners[p.Engine]
	if p.Schedule != nil {
		if res := r.Run(p, &sched.Replay{Switches: Switches(p)}); res.Found&Wanted != 0 {
			return p, res
		}
		return p, nil
	}
	h := fnv.New64a()
	h.Write(data)
	t.sampler.Forget()
	for i := range uint64(targetSchedules) {
		t.sampler.Reset(h.Sum64() + i)
		t.recorder.Reset()
		if res := r.Run(p, &t.recorder); res.Found&Wanted != 0 {
			setSchedule(p, t.recorder.Switches())
			return p, res
		}
	}
	return p, nil
}

// fail panics for a run that found something.
func fail(p *prog.Program, res *exec.Result) {
	fmt.Fprintf(Details, "%v\n%s\n", p, strings.Join(res.Report(), "\n"))
	if res.Panic != nil {
		fmt.Fprintf(Details, "%s\n", res.Panic.Stack)
	}
	panic("fuzz: " + worst(res.Found).String())
}

// worst is the member of a set of violations that says most.
func worst(v prog.Violation) prog.Violation {
	for _, w := range []prog.Violation{prog.Panic, prog.Deadlock, prog.Livelock, prog.SilentLost, prog.Lost, prog.Torn, prog.Nowhere,
		prog.Incoherent, prog.Stale, prog.Inverted, prog.Length} {
		if v&w != 0 {
			return w
		}
	}
	return prog.Flipped
}
