package fuzz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"cohbench/fuzz/prog"
)

// Workers is the goroutines of a campaign.
type Workers struct {
	N int
	// Programs is after how many programs of each worker they end; 0 for no limit.
	Programs int64

	stop context.CancelCauseFunc
}

// errEnough ends workers that have found what they were to.
var errEnough = errors.New("enough was found")

// Run has each worker make one program after another until the context is done,
// Enough is called, or all programs were made. start gives worker i what makes
// one, and what is to be called at last. An error is one that a worker returned.
func (w *Workers) Run(ctx context.Context, start func(i int) (program func(context.Context) error, end func())) error {
	ctx, w.stop = context.WithCancelCause(ctx)
	defer w.stop(nil)
	var wg sync.WaitGroup
	for i := range w.N {
		wg.Go(func() {
			program, end := start(i)
			defer end()
			for n := int64(0); ctx.Err() == nil && (w.Programs == 0 || n < w.Programs); n++ {
				if err := program(ctx); err != nil {
					w.stop(err)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, errEnough) && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("fuzz: %w", err)
	}
	return nil
}

// Enough ends the workers.
func (w *Workers) Enough() { w.stop(errEnough) }

// maxPool is how many programs a Pool keeps.
const maxPool = 2000

// Pool is programs that showed something new, for all workers. They are not to
// be changed.
type Pool struct {
	mu   sync.Mutex
	list []*prog.Program
}

// Keep adds a program; if the pool is full another goes, by chance.
func (p *Pool) Keep(q *prog.Program, rng *rand.Rand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) == maxPool {
		p.list[rng.IntN(maxPool)] = q
		return
	}
	p.list = append(p.list, q)
}

// Pick returns two programs, those that came last more often, or nil if there
// are none.
func (p *Pool) Pick(rng *rand.Rand) (q, other *prog.Program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.list)
	if n == 0 {
		return nil, nil
	}
	return p.list[max(rng.IntN(n), rng.IntN(n))], p.list[rng.IntN(n)]
}

// Programs is those in the pool.
func (p *Pool) Programs() []*prog.Program {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// Len is how many there are.
func (p *Pool) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.list)
}
