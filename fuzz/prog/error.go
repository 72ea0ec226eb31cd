package prog

import (
	"fmt"
	"slices"
	"strings"
)

// Error is a mistake in the text of a program, and where it stands.
type Error struct {
	File      string
	Line, Col int // from 1; columns count bytes
	Msg       string
	Hint      string // what would be right; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// unknown is the message and the hint about a word that is none of those which
// may stand there.
func unknown(what, word string, known []string) (msg, hint string) {
	msg = fmt.Sprintf("unknown %s %q", what, word)
	if len(known) == 0 {
		return msg, "there is none"
	}
	if near := nearest(word, known); near != "" {
		return msg, fmt.Sprintf("did you mean %q?", near)
	}
	return msg, "there are: " + strings.Join(known, ", ")
}

// nearest is the known word that a slip of the hand may have meant, or "".
func nearest(word string, known []string) string {
	best, at := 3, ""
	for _, k := range known {
		if d := distance(word, k); d < best && d < len(k) {
			best, at = d, k
		}
	}
	return at
}

// distance is how many letters must be added, left out or changed to make b of
// a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// names is the names in a table, sorted.
func names(table []string) []string {
	return slices.Sorted(slices.Values(table))
}
