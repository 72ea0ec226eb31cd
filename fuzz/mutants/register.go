package mutants

import (
	"encoding/binary"

	"cohbench/workloads/oracle"
)

// oracle has the oracle of the workloads judge a cell that is read and written
// atomically: whatever overlaps, nothing is wrong. Every order of the steps of
// two writers and a reader is tried.
func (h *hunt) oracle() *Catch {
	h.notice("oracle", "register", nil)
	for _, order := range orders([]int{writerSteps, writerSteps, 2 * readerSteps}) {
		h.runs++
		if v := playRegister(order); v.Bad() {
			return &Catch{By: "oracle", Engine: "register", Kind: v.String(), Runs: h.runs}
		}
	}
	return nil
}

// Begin, the access, and the end.
const writerSteps, readerSteps = 3, 3

// orders lists every order of steps of threads that have so many each.
func orders(left []int) (list [][]int) {
	var walk func(done []int)
	walk = func(done []int) {
		end := true
		for i := range left {
			if left[i] > 0 {
				end = false
				left[i]--
				walk(append(done[:len(done):len(done)], i))
				left[i]++
			}
		}
		if end {
			list = append(list, done)
		}
	}
	walk(nil)
	return list
}

// playRegister plays one order, and returns all that was found.
func playRegister(order []int) (bad oracle.Verdict) {
	f := oracle.New(oracle.Config{Size: oracle.Cell})
	writers := []*oracle.Writer{f.Writer(1), f.Writer(2)}
	r := f.Reader()
	var cell, seen [oracle.Cell]byte
	var next [3]int
	for _, t := range order {
		step := next[t] % 3
		next[t]++
		switch {
		case t < len(writers) && step == 0:
			writers[t].Begin(0, oracle.Cell)
		case t < len(writers) && step == 1:
			binary.NativeEndian.PutUint64(cell[:], writers[t].Word(0))
		case t < len(writers):
			writers[t].End(0)
		case step == 0:
			r.Begin(0, oracle.Cell)
		case step == 1:
			seen = cell
		default:
			bad |= r.Check(seen[:])
		}
	}
	return bad
}
