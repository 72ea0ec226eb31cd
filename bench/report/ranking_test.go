package report_test

import (
	"regexp"
	"strings"
	"testing"

	"cohbench/bench/result/resulttest"
)

func TestMMUsGolden(t *testing.T) {
	golden(t, "mmus.txt", text(t, resulttest.OnTwoMMUs(1, 10, []int{8}), 120))
}

func TestMMUsOnThePage(t *testing.T) {
	page := html(t, resulttest.OnTwoMMUs(1, 10, []int{8}))
	for _, want := range []string{
		`<h2 id="mmus">`, "THE RANKING DEPENDS ON THE MMU, so none is given by direct-write/s; same verdicts",
		"addlock and invalidate-lock change places", "verdict on none: lost on soft (10 of 10 repetitions",
		"same ranking by direct-write/s, 7 engines; same verdicts",
		`<td class="text">depends on MMU</td>`, "soft and userfaultfd do not agree about these engines",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(html(t, made(6, 8)), `id="mmus"`) {
		t.Error("one MMU is compared with itself")
	}
}

// Where the order depends on the MMU, neither table calls the engine faster or
// slower.
func TestNoRankingWhereMMUsDisagree(t *testing.T) {
	got := text(t, resulttest.OnTwoMMUs(1, 10, []int{8}), 0)
	for section := range strings.SplitSeq(got, "\n\n") {
		if strings.HasPrefix(section, "direct-write, 8 threads") {
			if m := regexp.MustCompile(`invalidate-lock .*(faster|slower)`).FindString(section); m != "" {
				t.Error(m)
			}
		}
	}
	if n := strings.Count(got, "depends on MMU"); n != 2 {
		t.Errorf("%d rows depend on the MMU, want one for each:\n%s", n, got)
	}
}
