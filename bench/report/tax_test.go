package report_test

import (
	"strings"
	"testing"

	"cohbench/bench/report"
	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func TestTaxGolden(t *testing.T) {
	var wide, narrow, none strings.Builder
	for _, c := range []struct {
		out   *strings.Builder
		tax   *result.Tax
		width int
	}{{&wide, resulttest.Tax(), 0}, {&narrow, resulttest.Tax(), 60}, {&none, nil, 0}} {
		if err := report.Tax(c.out, c.tax, c.width); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "tax.txt", wide.String()+"\n"+narrow.String())
	if none.Len() > 0 {
		t.Errorf("without a measurement: %q", &none)
	}
}

func TestTaxOnThePage(t *testing.T) {
	run := made(1, 8)
	page := html(t, run)
	for _, want := range []string{`<h2 id="tax">`, "921 ns [908 ns, 946 ns]", "0.0765 [", "userfaultfd(2): operation not permitted",
		"refault after invalidation on native: no interval", "Native: what the kernel does."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	run.Env.Tax = nil
	if strings.Contains(html(t, run), `id="tax"`) {
		t.Error("a table of nothing")
	}
}
