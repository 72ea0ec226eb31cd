package fio

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"cohbench/bench/compare"
	"cohbench/bench/quantity"
)

// Tolerance is how far from 1 the ratio of fio to itself may be for the figures
// beside it to stand.
const Tolerance = 0.02

// A Summary is the outcome of one Contest.
type Summary struct {
	Setting Setting `json:"setting"`
	Rows    []Row   `json:"rows"` // in the order of Setting.Contenders
	Valid   bool    `json:"valid"`
	Verdict string  `json:"verdict"` // of fio against itself
}

// A Row is one contender: medians over the rounds.
type Row struct {
	Contender string `json:"contender"`
	Measurement
	Ratio   float64 `json:"ratio"` // of its rate to fio's, in the same round
	Lo      float64 `json:"lo"`    // interval of Ratio
	Hi      float64 `json:"hi"`
	Refused string  `json:"refused,omitempty"` // why there is no ratio
}

// Summarize sums up the runs of one setting.
func Summarize(s Setting, runs []Run) Summary {
	sum := Summary{Setting: s}
	rates := func(name string) map[int]float64 {
		series := map[int]float64{}
		for _, r := range runs {
			if r.Contender == name {
				series[r.Round] = r.Rate
			}
		}
		return series
	}
	for _, name := range s.Contenders() {
		row := Row{Contender: name, Measurement: medians(runs, name), Ratio: 1, Lo: 1, Hi: 1}
		if name != Base {
			r := compare.Paired(rates(name), rates(Base))
			row.Ratio, row.Lo, row.Hi, row.Refused = r.Center, r.Lo, r.Hi, r.Refused
		}
		sum.Rows = append(sum.Rows, row)
	}
	sum.judge(sum.Rows[len(sum.Rows)-1])
	return sum
}

// judge decides by fio against itself.
func (s *Summary) judge(aa Row) {
	s.Valid = aa.Refused == "" && math.Abs(aa.Ratio-1) <= Tolerance
	switch {
	case aa.Refused != "":
		s.Verdict = "not valid: fio against itself: " + aa.Refused
	case s.Valid:
		s.Verdict = fmt.Sprintf("valid: fio against itself is %s, within %g %%", ratio(aa), Tolerance*100)
	default:
		s.Verdict = fmt.Sprintf("not valid: fio against itself is %s, not within %g %%: the machine is not quiet", ratio(aa), Tolerance*100)
	}
}

// medians is the median of each figure of a contender.
func medians(runs []Run, name string) Measurement {
	var rate, ops, p50, p99, p999 []float64
	for _, r := range runs {
		if r.Contender == name {
			rate, ops = append(rate, r.Rate), append(ops, float64(r.Ops))
			p50, p99, p999 = append(p50, float64(r.P50)), append(p99, float64(r.P99)), append(p999, float64(r.P999))
		}
	}
	ns := func(values []float64) int64 { return int64(compare.Median(values).Center) }
	return Measurement{compare.Median(rate).Center, ns(ops), ns(p50), ns(p99), ns(p999)}
}

func ratio(r Row) string { return fmt.Sprintf("%.3f [%.3f, %.3f]", r.Ratio, r.Lo, r.Hi) }

// Print writes the summary as a table.
func (s Summary) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", s.Setting)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "\trequests/s\tvs fio [%g %%]\tp50\tp99\tp99.9\n", compare.Confidence*100)
	for _, r := range s.Rows {
		against := ratio(r)
		switch {
		case r.Contender == Base:
			against = "1"
		case r.Refused != "":
			against = "-"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Contender, quantity.SI(r.Rate), against,
			quantity.Duration(float64(r.P50)), quantity.Duration(float64(r.P99)), quantity.Duration(float64(r.P999)))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s\n\n", s.Verdict)
	return err
}
