package compare

import (
	"fmt"
	"slices"

	"cohbench/bench/result"
)

// A Matrix is what several runs of the running kernel found, one file system a
// row: of the rounds of its cases, in how many something went wrong.
type Matrix struct {
	Columns []MatrixColumn
	Rows    []MatrixRow
}

// A MatrixColumn is a column of a Matrix.
type MatrixColumn struct {
	Name string // "lost"
	Doc  string // what a round counted here has shown
	// Control says that it must be empty: what shows there is a bug of the
	// measurement, or one of the kernel that makes the rest unintelligible.
	Control bool

	of    func(r *result.Record) bool  // the records it is about
	count func(r *result.Record) int64 // rounds of theirs
}

// A MatrixRow is one run.
type MatrixRow struct {
	Name   string
	IO     string   // what O_DIRECT is there: "direct", "buffered", "unknown"
	Cells  []Chance // per round, in the order of the columns
	Failed []string // cases that did not end well
}

// Workloads and engines that a Matrix is about.
const (
	racing     = "direct-write+store"
	beside     = "direct-write+store-beside"
	reading    = "direct-write+load"
	hugeEngine = "kernel-huge"
)

var controls = []string{"direct-only", "mixed-one-lock"}

func isRace(r *result.Record) bool    { return r.Workload == racing }
func isControl(r *result.Record) bool { return slices.Contains(controls, r.Workload) }
func isReading(r *result.Record) bool { return r.Workload == reading }

func isBeside(huge bool) func(*result.Record) bool {
	return func(r *result.Record) bool { return r.Workload == beside && (r.Engine == hugeEngine) == huge }
}

// anyRounds is how many rounds showed anything, at least: which rounds a loss
// and a stale read share is not known.
func anyRounds(r *result.Record) int64 { return max(r.StaleRounds, r.LossRounds, r.EIORounds) }

func lossRounds(r *result.Record) int64 { return r.LossRounds }

// silentRounds is the rounds with a loss that no sync announced.
func silentRounds(r *result.Record) int64 { return r.LossRounds - (r.EIORounds - r.QuietEIO) }

var matrixColumns = []MatrixColumn{
	{"stale", "a read returned what a completed write had replaced", false, isRace, func(r *result.Record) int64 { return r.StaleRounds }},
	{"lost", "a completed write was gone when all was synced and the cache dropped", false, isRace, lossRounds},
	{"lost silently", "the same, and every fsync had succeeded", false, isRace, silentRounds},
	{"EIO, no loss", "fsync said EIO, and nothing was lost", false, isRace, func(r *result.Record) int64 { return r.QuietEIO }},
	{"lost beside", "lost, where stores go to pages that nobody writes, with MADV_HUGEPAGE", false, isBeside(true), lossRounds},
	{"beside, no huge", "anything in the same without MADV_HUGEPAGE", false, isBeside(false), anyRounds},
	{"loads", "anything, where the others only load", false, isReading, anyRounds},
	{"controls", "anything in " + controls[0] + " or " + controls[1] + ", where nothing may be seen", true, isControl, anyRounds},
}

// NewMatrix sums up what runs say of the running kernel under their names; both
// lists are of one length. Runs of one name make one row. What a run has of
// models says nothing about a file system, and is left out.
func NewMatrix(names []string, runs []*result.Run) Matrix {
	m := Matrix{Columns: matrixColumns}
	records := map[string][]result.Record{}
	for i, run := range runs {
		if records[names[i]] == nil {
			m.Rows = append(m.Rows, MatrixRow{Name: names[i], IO: run.Env.IO})
		}
		records[names[i]] = append(records[names[i]], ofKernel(run.Records)...)
	}
	for i := range m.Rows {
		m.Rows[i].fill(records[m.Rows[i].Name])
	}
	return m
}

// ofKernel is the records of the running kernel, however it was driven.
func ofKernel(records []result.Record) []result.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r result.Record) bool { return r.MMU != kernelMMU })
}

// HasKernel reports whether a run has anything for a Matrix.
func HasKernel(run *result.Run) bool { return len(ofKernel(run.Records)) > 0 }

func (row *MatrixRow) fill(records []result.Record) {
	for _, c := range matrixColumns {
		row.Cells = append(row.Cells, c.chance(records))
	}
	for _, r := range records {
		if r.Status != result.StatusOK {
			row.Failed = append(row.Failed, fmt.Sprintf("%s on %s: %s", r.Engine, r.Workload, r.Status))
		}
	}
}

// chance is over all rounds of the records that f is about. Each is checked by
// itself, and what it found is repaired, so they are taken as independent.
func (f MatrixColumn) chance(records []result.Record) Chance {
	var events, rounds int64
	for i := range records {
		if r := &records[i]; f.of(r) {
			events, rounds = events+f.count(r), rounds+r.Rounds
		}
	}
	return Share(events, rounds)
}

// Alarms names the rows in which a control showed something.
func (m Matrix) Alarms() (names []string) {
	for _, row := range m.Rows {
		for i, f := range m.Columns {
			if f.Control && row.Cells[i].Events > 0 {
				names = append(names, row.Name)
			}
		}
	}
	return names
}
