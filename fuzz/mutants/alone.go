package mutants

import (
	"fmt"
	"io"
	"math/rand/v2"

	"cohbench/fuzz/sequential"
)

// alonePrograms is how many programs alone runs, of how many bytes each.
const (
	alonePrograms = 400
	aloneBytes    = 2 + 4*60
)

// alone runs random operations one at a time beside a slice of bytes: what is
// read, how much of it, and how long the file is must be the same.
func (h *hunt) alone() (*Catch, error) {
	sequential.Details = io.Discard
	rng := rand.New(rand.NewPCG(h.Seed, 3))
	h.notice("alone", "any", nil)
	data := make([]byte, aloneBytes)
	for range alonePrograms {
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		h.runs++
		if what := panics(func() { sequential.Run(data) }); what != nil {
			return &Catch{By: "alone", Engine: "any", Kind: fmt.Sprint(what), Runs: h.runs}, nil
		}
	}
	return nil, nil
}

// panics is what fn panics with.
func panics(fn func()) (what any) {
	defer func() { what = recover() }()
	fn()
	return nil
}
