package report

import (
	"fmt"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
	"cohbench/bench/result"
)

// caseRecords is the records of one case: what its figures were computed from.
type caseRecords struct {
	ID, Text, Class string
	Rows            []recordRow
}

// recordRow is one record, printed.
type recordRow struct {
	Line                   string // of results.jsonl
	Rep                    int
	Time, Seed, Rate, P99  string
	Seconds                float64
	Exposures, Stale, Loss int64
	Status                 string
}

// caseIDs names each case of records for links in a page.
func caseIDs(records []result.Record) map[result.Case]string {
	ids := make(map[result.Case]string)
	for i, c := range compare.Cases(records) {
		ids[c] = fmt.Sprintf("case-%d", i)
	}
	return ids
}

// records lists the records of a run by case, in order of appearance.
func records(run *result.Run) []caseRecords {
	ids := caseIDs(run.Records)
	index := make(map[result.Case]int)
	var list []caseRecords
	for i := range run.Records {
		r := &run.Records[i]
		c := r.Case()
		at, ok := index[c]
		if !ok {
			at = len(list)
			index[c] = at
			list = append(list, caseRecords{ID: ids[c], Text: caseText(c), Class: compare.Headline(run.Records, c.Workload)})
		}
		list[at].Rows = append(list[at].Rows, newRecordRow(run, i, list[at].Class))
	}
	return list
}

// caseText names a case.
func caseText(c result.Case) string {
	text := fmt.Sprintf("%s, %s, %d %s, %s blocks, MMU %s", c.Engine, c.Workload, c.Threads, plural(c.Threads, "thread"), quantity.Bytes(int64(c.Block)), c.MMU)
	if c.IODepth != 0 {
		text += fmt.Sprintf(", IO depth %d", c.IODepth)
	}
	if c.Set != "" {
		text += ", " + c.Set
	}
	if c.Pair != 0 {
		text += ", the identical twin"
	}
	return text
}

func newRecordRow(run *result.Run, i int, class string) recordRow {
	r := &run.Records[i]
	row := recordRow{
		Line: "-", Rep: r.Rep, Time: r.Time.UTC().Format("15:04:05"), Seed: fmt.Sprint(r.Seed), Rate: "-", P99: "-", Seconds: r.Seconds,
		Exposures: r.Exposures, Stale: r.Oracle.StaleEvents, Loss: r.LossRounds, Status: r.Status,
	}
	if i < len(run.Lines) {
		row.Line = fmt.Sprint(run.Lines[i])
	}
	if rate, ok := r.Rate[class]; ok {
		row.Rate = quantity.SI(rate)
	}
	if l, ok := r.Latency[class]; ok {
		row.P99 = quantity.Duration(float64(l.P99))
	}
	return row
}
