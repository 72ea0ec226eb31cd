package prog

import (
	"cmp"
	"slices"
)

// merge sorts ranges and joins those that meet.
func merge(list []Range) []Range {
	slices.SortFunc(list, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	var out []Range
	for _, r := range list {
		if n := len(out); n > 0 && r.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// pagesOf is the pages in ranges, sorted, each once.
func pagesOf(list []Range) []int64 {
	var pages []int64
	for _, r := range merge(list) {
		for i := r.Start; i < r.End; i++ {
			pages = append(pages, i)
		}
	}
	return pages
}

// rangesOf is the ranges that pages make up.
func rangesOf(pages []int64) []Range {
	list := make([]Range, 0, len(pages))
	for _, i := range pages {
		list = append(list, Range{i, i + 1})
	}
	return merge(list)
}
