package workloads

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Setting is a parameter that can be set by name, beside those that every
// workload has in common (threads, block, size).
type Setting struct {
	Name    string
	Doc     string
	Example string // of a value
	set     func(p *Params, value string) error
	get     func(p *Params) string
}

// Settings is the parameters that can be set by name, in display order.
func Settings() []Setting {
	return append([]Setting{
		integer("partners", "tasks on the other side: loaders, storers, buffered readers and writers", func(p *Params) *int { return &p.Partners }),
		integer("read-pct", "share of reads, in percent, where a task does both", func(p *Params) *int { return &p.ReadPct }),
		integer("resident-pct", "share of the pages in the cache when a round begins, in percent", func(p *Params) *int { return &p.ResidentPct }),
		integer("hole-pct", "share of the blocks that are holes when a round begins, in percent", func(p *Params) *int { return &p.HolePct }),
		{"layout", "what the blocks are when a round begins: written, prealloc (reserved, never written) or holes", "prealloc", setLayout, layoutText},
		integer("syncers", "tasks that sync, where some do", func(p *Params) *int { return &p.Syncers }),
		integer("msync-pct", "share of their syncs that are an msync of a block being written, in percent", func(p *Params) *int { return &p.MsyncPct }),
		duration("store-pace", "from one store of a storer to its next; 0s: as fast as it goes", func(p *Params) *time.Duration { return &p.StorePace }),
		duration("sync-pace", "from one sync to the next; 0s: as fast as it goes", func(p *Params) *time.Duration { return &p.SyncPace }),
		rate("load-rate", "loads, buffered reads or buffered writes per second, all tasks together; 0: as fast as they go", func(p *Params) *float64 { return &p.LoadRate }),
		rate("fault-rate", "page faults per second, all faulters together; 0: as fast as they go", func(p *Params) *float64 { return &p.FaultRate }),
		duration("cut-pace", "from one truncation to the next; 0s: as fast as it goes", func(p *Params) *time.Duration { return &p.CutPace }),
		integer("dsync", "1: direct writes are on stable storage when they return, as with O_DSYNC; 0: they are not", func(p *Params) *int { return &p.DSync }),
		integer("cold-every", "of so many writes from a mapping one finds its source evicted; 0: none", func(p *Params) *int { return &p.ColdEvery }),
		duration("round", "from one check at rest to the next; 0s: one round", func(p *Params) *time.Duration { return &p.Round }),
		arrival("arrival", "how the operations of a rate/CLASS are spread in time: constant or poisson", func(p *Params) *Arrival { return &p.Arrival }),
	}, rates()...)
}

// rates is the settings of Params.Rates, for the classes that tasks do on a
// schedule.
func rates() []Setting {
	var list []Setting
	for _, op := range []Op{OpDirectWrite, OpDirectRead, OpBufferedWrite, OpBufferedRead, OpLoad, OpStore, OpFault, OpSync} {
		doc := fmt.Sprintf("%s operations per second that are to begin, all tasks together, however long each takes; 0: as the workload has it", op)
		list = append(list, rate("rate/"+op.String(), doc, func(p *Params) *float64 { return &p.Rates[op] }))
	}
	return list
}

// Get is the value of the setting in p.
func (s Setting) Get(p *Params) string { return s.get(p) }

// Set changes the parameter of that name. The error lists the names there are,
// or says what the value should look like.
func (p *Params) Set(name, value string) error {
	var names []string
	for _, s := range Settings() {
		if s.Name == name {
			if err := s.set(p, value); err != nil {
				return fmt.Errorf("setting %s=%s: want a value such as %s", name, value, s.Example)
			}
			return nil
		}
		names = append(names, s.Name)
	}
	return fmt.Errorf("unknown setting %q: there are %s", name, strings.Join(names, ", "))
}

// layoutWritten is how LayoutWritten is spelled.
const layoutWritten = "written"

func setLayout(p *Params, v string) error {
	switch l := Layout(v); l {
	case LayoutPrealloc, LayoutHoles:
		p.Layout = l
	case layoutWritten:
		p.Layout = LayoutWritten
	default:
		return errors.New("no such layout")
	}
	return nil
}

func layoutText(p *Params) string { return cmp.Or(string(p.Layout), layoutWritten) }

func integer(name, doc string, field func(*Params) *int) Setting {
	return Setting{name, doc, "4",
		func(p *Params, v string) (err error) { *field(p), err = strconv.Atoi(v); return err },
		func(p *Params) string { return strconv.Itoa(*field(p)) },
	}
}

func rate(name, doc string, field func(*Params) *float64) Setting {
	return Setting{name, doc, "1000",
		func(p *Params, v string) (err error) { *field(p), err = parseRate(v); return err },
		func(p *Params) string { return strconv.FormatFloat(*field(p), 'g', -1, 64) },
	}
}

// parseRate takes 5000, 5k and 0.2M.
func parseRate(text string) (float64, error) {
	digits := strings.TrimRight(text, "kM")
	v, err := strconv.ParseFloat(digits, 64)
	switch text[len(digits):] {
	case "":
	case "k":
		v *= 1e3
	case "M":
		v *= 1e6
	default:
		return 0, strconv.ErrSyntax
	}
	return v, err
}

func arrival(name, doc string, field func(*Params) *Arrival) Setting {
	return Setting{name, doc, "poisson",
		func(p *Params, v string) error {
			i := slices.Index(arrivalNames, v)
			if i < 0 {
				return strconv.ErrSyntax
			}
			*field(p) = Arrival(i)
			return nil
		},
		func(p *Params) string { return field(p).String() },
	}
}

func duration(name, doc string, field func(*Params) *time.Duration) Setting {
	return Setting{name, doc, "20us",
		func(p *Params, v string) (err error) { *field(p), err = time.ParseDuration(v); return err },
		func(p *Params) string { return field(p).String() },
	}
}
