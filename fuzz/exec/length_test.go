package exec

import (
	"testing"

	"cohbench/core"
	"cohbench/fuzz/prog"
)

// TestLengths judges made-up ends of a program: two writers beyond the end, and
// one who truncates.
func TestLengths(t *testing.T) {
	const page = prog.PageSize
	type times struct{ start, end int64 }
	for _, c := range []struct {
		name     string
		w, u, cu times // write A[1], write A[2], truncate A to 1 page
		failed   bool  // the truncation
		least    int64
		most     int64
	}{
		{"truncated last", times{1, 2}, times{3, 4}, times{5, 6}, false, page, page},
		{"truncated first", times{3, 4}, times{5, 6}, times{1, 2}, false, 3 * page, 3 * page},
		{"truncated in between", times{1, 2}, times{5, 6}, times{3, 4}, false, 3 * page, 3 * page},
		{"truncated meanwhile", times{1, 2}, times{3, 6}, times{4, 5}, false, page, 3 * page},
		{"the truncation failed", times{1, 2}, times{3, 4}, times{5, 6}, true, page, 3 * page},
		{"one did not return", times{1, 2}, times{3, 0}, times{4, 5}, false, page, 3 * page},
	} {
		l := &plan{}
		l.load(parse(t, "file A 1 page\ntask w: write A[1]\ntask u: write A[2]\ntask c: truncate A to 1 page\n"))
		for i, at := range []times{c.w, c.u, c.cu} {
			l.steps[i].start, l.steps[i].end, l.steps[i].n = at.start, at.end, l.steps[i].Len
		}
		if c.failed {
			l.steps[2].err = core.ErrIO
		}
		if least, most := (&judge{plan: l}).lengthsOf(0); least != c.least || most != c.most {
			t.Errorf("%s: between %d and %d bytes, want %d and %d", c.name, least, most, c.least, c.most)
		}
	}
}

// TestShort: who moves less than he must and says nothing is found; who says
// why, or meets the end of the file, is not.
func TestShort(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int64
		err  error
		bad  bool
	}{
		{"task w: write A[0]", 8, nil, true},
		{"task w: dwrite A[0:2]", prog.PageSize, nil, true},
		{"task w: dwrite A[0:2]", prog.PageSize, core.ErrIO, false},
		{"task w: read A[1]", 8, nil, true},
		{"task w: read A[2]", 0, nil, false},
		{"task w: read A[1]; truncate A to 1 page", 0, nil, false},
	} {
		l := &plan{}
		l.load(parse(t, "file A 2 pages\n"+c.text+"\n"))
		s := &l.steps[0]
		s.start, s.end, s.n, s.err = 1, 2, c.n, c.err
		j := &judge{plan: l, res: &Result{}}
		j.lengths(false)
		if bad := j.res.Found&prog.Length != 0; bad != c.bad {
			t.Errorf("%s: %d bytes, %v: found %v", c.text, c.n, c.err, j.res.Found)
		}
	}
}
