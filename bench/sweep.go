package bench

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cohbench/bench/result"
	"cohbench/workloads"
)

// A Sweep is the values that one parameter takes in turn: "threads", "iodepth",
// "block", "size", "rate" (of each workload's primary class), or one of
// workloads.Settings.
type Sweep struct {
	Name   string
	Values []string
}

// ParseSweep takes NAME=VALUE,VALUE,... and ranges: 1..16x2 is 1, 2, 4, 8, 16,
// and 1..9+4 is 1, 5, 9. Both ends of a range may have a unit: 4k..1024kx4.
func ParseSweep(text string) (Sweep, error) {
	name, list, ok := strings.Cut(text, "=")
	if !ok || name == "" || list == "" {
		return Sweep{}, fmt.Errorf("sweep %q: want NAME=VALUE,VALUE,... such as threads=1..16x2 or block=4k,64k,1m", text)
	}
	s := Sweep{Name: name}
	for part := range strings.SplitSeq(list, ",") {
		values, err := sweepValues(part)
		if err != nil {
			return Sweep{}, fmt.Errorf("sweep %q: %w", text, err)
		}
		s.Values = append(s.Values, values...)
	}
	return s, nil
}

// maxSweep is the most values of a range.
const maxSweep = 64

// sweepValues is the values of a range, or what is none itself.
func sweepValues(part string) ([]string, error) {
	from, rest, ok := strings.Cut(part, "..")
	if !ok {
		return []string{part}, nil
	}
	how := strings.LastIndexAny(rest, "x+")
	if how < 0 {
		return nil, fmt.Errorf("range %s: want a step such as 1..16x2 or 1..16+5", part)
	}
	lo, unit, err1 := number(from)
	hi, unitHi, err2 := number(rest[:how])
	step, _, err3 := number(rest[how+1:])
	grows := step > 0 && rest[how] == '+' || step > 1 && lo > 0
	if errors.Join(err1, err2, err3) != nil || unit != unitHi || lo > hi || !grows {
		return nil, fmt.Errorf("range %s: want two numbers with the same unit, the smaller first, and a step that grows", part)
	}
	var values []string
	for v := lo; v <= hi; {
		if len(values) == maxSweep {
			return nil, fmt.Errorf("range %s: more than %d values", part, maxSweep)
		}
		values = append(values, strconv.FormatFloat(v, 'f', -1, 64)+unit)
		if rest[how] == 'x' {
			v *= step
		} else {
			v += step
		}
	}
	return values, nil
}

// number splits a number and its unit.
func number(text string) (v float64, unit string, err error) {
	digits := strings.TrimRightFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	v, err = strconv.ParseFloat(digits, 64)
	if math.IsInf(v, 0) || math.IsNaN(v) {
		err = strconv.ErrRange
	}
	return v, text[len(digits):], err
}

// ParseBytes takes a number of bytes: 4096, 64k, 64KiB, 1m, 2g. Units are powers
// of two; "kb" and the like, which some take for powers of ten, are refused.
func ParseBytes(text string) (int64, error) {
	digits := strings.TrimRightFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseInt(digits, 10, 64)
	shift := slices.Index([]string{"", "k", "m", "g", "b", "kib", "mib", "gib"}, strings.ToLower(strings.TrimSpace(text[len(digits):])))
	if err != nil || shift < 0 || n <= 0 || n > math.MaxInt64>>(shift%4*10) {
		return 0, errors.New("want a size such as 4096, 64k or 1m")
	}
	return n << (shift % 4 * 10), nil
}

// expand lists the plan's groups in display order: for each workload, every
// number of threads with every combination of the sweeps, the last of which
// changes fastest.
func (p *Plan) expand() ([]group, error) {
	var list []group
	for _, w := range p.Workloads {
		threads := p.Threads
		if len(threads) == 0 {
			threads = []int{w.Defaults.Threads}
		}
		for _, n := range threads {
			g := group{workload: w, params: w.Defaults}
			g.params.Threads = n
			g.params.Block = orDefault(p.Block, g.params.Block)
			g.params.Size = orDefault(p.Size, g.params.Size)
			g.params.IODepth = p.IODepth
			groups, err := p.sweep(setting{group: g})
			if err != nil {
				return nil, err
			}
			list = append(list, groups...)
		}
	}
	return list, nil
}

// groups is expand of a plan that Check has seen.
func (p *Plan) groups() []group {
	list, _ := p.expand()
	return list
}

// A setting is a group to be, and the names of what was set in it.
type setting struct {
	group
	names []string
}

// sweep is every combination of the sweeps, from what holds for all of them.
func (p *Plan) sweep(base setting) ([]group, error) {
	var err error
	for _, s := range p.Set {
		if base, err = base.with(s.Name, s.Value); err != nil {
			return nil, err
		}
	}
	list := []setting{base}
	for _, s := range p.Sweeps {
		if list, err = s.over(list); err != nil {
			return nil, err
		}
	}
	var groups []group
	for _, s := range list {
		s.set = s.text(p.NoOracle)
		groups = append(groups, s.group)
	}
	return groups, nil
}

// over is each of the settings with each value of the sweep.
func (s Sweep) over(list []setting) ([]setting, error) {
	var all []setting
	for _, base := range list {
		for _, v := range s.Values {
			next, err := base.with(s.Name, v)
			if err != nil {
				return nil, fmt.Errorf("sweep: %w", err)
			}
			all = append(all, next)
		}
	}
	return all, nil
}

// with is the setting with a parameter set. Threads, IO depth, block and size are in
// every record; other names are kept.
func (s setting) with(name, value string) (setting, error) {
	var err error
	var bytes int64
	switch name {
	case "threads":
		if s.params.Threads, err = strconv.Atoi(value); err != nil {
			err = fmt.Errorf("threads=%s: want a number", value)
		}
		return s, err
	case "iodepth":
		if s.params.IODepth, err = strconv.Atoi(value); err != nil {
			err = fmt.Errorf("iodepth=%s: want a number", value)
		}
		return s, err
	case "block":
		bytes, err = ParseBytes(value)
		s.params.Block = int(bytes)
	case "size":
		s.params.Size, err = ParseBytes(value)
	case "rate":
		op, ok := s.workload.Primary(s.params)
		if !ok {
			return s, fmt.Errorf("%s: a rate: its tasks do several operations in turn, none of them on a schedule", s.workload.Name)
		}
		return s.with("rate/"+op.String(), value)
	default:
		if !slices.Contains(s.names, name) {
			s.names = append(slices.Clone(s.names), name)
		}
		return s, s.params.Set(name, value)
	}
	if err != nil {
		err = fmt.Errorf("%s=%s: %w", name, value, err)
	}
	return s, err
}

// text is how records name what was set, in the order of the names.
func (s setting) text(noOracle bool) string {
	var list []string
	for _, known := range workloads.Settings() {
		if slices.Contains(s.names, known.Name) {
			list = append(list, known.Name+"="+known.Get(&s.params))
		}
	}
	slices.Sort(list)
	if noOracle {
		list = append(list, result.OracleOff)
	}
	return strings.Join(list, ",")
}
