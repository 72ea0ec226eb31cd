package resulttest

import "cohbench/bench/result"

// Tax is a made-up cost of the models, on a machine without userfaultfd where
// one operation was too slow for an interval.
func Tax() *result.Tax {
	lacking := result.Figure{Why: "userfaultfd: not supported: userfaultfd(2): operation not permitted"}
	few := "no interval: 2 repetitions, at least 6 are needed"
	row := func(op string, native, soft result.Figure, ratio result.Figure) result.TaxRow {
		return result.TaxRow{Op: op, Native: "what the kernel does", Model: "what the model does", Costs: []result.Cost{
			{MMU: result.NativeTables, Ns: native},
			{MMU: "soft", Ns: soft, Ratio: ratio},
			{MMU: "userfaultfd", Ns: lacking, Ratio: lacking},
		}}
	}
	return &result.Tax{Seconds: 0.2, Rows: []result.TaxRow{
		row("minor fault", result.Figure{Median: 921, Lo: 908, Hi: 946, N: 12}, result.Figure{Median: 69.5, Lo: 68.9, Hi: 256, N: 12},
			result.Figure{Median: 0.0765, Lo: 0.0745, Hi: 0.275, N: 12}),
		row("refault after invalidation", result.Figure{Median: 8.1e6, N: 2, Why: few}, result.Figure{Median: 8.3e6, N: 2, Why: few},
			result.Figure{Why: "2 paired repetitions, at least 6 are needed"}),
	}}
}
