package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// directWrite is the class of operations that may turn into buffered ones.
const directWrite = "direct-write"

// sayBuffered notes which engines had direct writes that were not direct, and
// where nobody could tell.
func (s *Section) sayBuffered() {
	uncounted := make(map[string][]string) // engines, by why
	for i := range s.Rows {
		r := &s.Rows[i]
		switch writes := r.Counts.Ops[directWrite]; {
		case r.Counts.Uncounted != "" && writes > 0:
			uncounted[r.Counts.Uncounted] = append(uncounted[r.Counts.Uncounted], r.Engine)
		case r.Counts.Lock.Fallbacks > 0:
			s.Notes = append(s.Notes, r.Engine+": "+BufferedText(&r.Counts))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(uncounted)) {
		s.Notes = append(s.Notes, strings.Join(uncounted[why], ", ")+": direct writes that became buffered ones are not counted: "+why)
	}
}

// BufferedText says how many direct writes of a record, or of several added
// up, became buffered ones. Those that were under way when a window ended are
// in the count, but not among the operations.
func BufferedText(r *result.Record) string {
	n, writes := r.Lock.Fallbacks, r.Ops[directWrite]
	percent := strconv.FormatFloat(min(100, 100*float64(n)/float64(max(writes, 1))), 'g', 3, 64)
	return fmt.Sprintf("%s direct writes became buffered ones (%s %%)", quantity.Count(n), percent)
}
