package workloads

import (
	"cmp"
	"errors"
	"fmt"
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
	return []Setting{
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
		integer("cold-every", "of so many writes from a mapping one finds its source evicted; 0: none", func(p *Params) *int { return &p.ColdEvery }),
		duration("round", "from one check at rest to the next; 0s: one round", func(p *Params) *time.Duration { return &p.Round }),
	}
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
		func(p *Params, v string) (err error) { *field(p), err = strconv.ParseFloat(v, 64); return err },
		func(p *Params) string { return strconv.FormatFloat(*field(p), 'g', -1, 64) },
	}
}

func duration(name, doc string, field func(*Params) *time.Duration) Setting {
	return Setting{name, doc, "20us",
		func(p *Params, v string) (err error) { *field(p), err = time.ParseDuration(v); return err },
		func(p *Params) string { return field(p).String() },
	}
}
