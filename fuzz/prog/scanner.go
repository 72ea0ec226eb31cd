package prog

import (
	"fmt"
	"strconv"
	"strings"
)

// token is a piece of a line.
type token struct {
	text string // empty: the end of the line
	col  int    // from 1
}

// scanner is the tokens of one line.
type scanner struct {
	file    string
	line    int // from 1
	tokens  []token
	next    int
	comment string // what stands after the mark and a blank
	marked  bool   // there is a comment
	indent  bool   // the line begins with a blank
}

const wordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-*"

// scan breaks a line into tokens.
func scan(file string, number int, line string) (*scanner, error) {
	s := &scanner{file: file, line: number}
	s.indent = strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	for at := 0; at < len(line); {
		n := 1
		switch c := line[at]; {
		case c == ' ' || c == '\t' || c == '\r':
			at++
			continue
		case c == '#':
			s.marked, s.comment = true, strings.TrimRight(strings.TrimPrefix(line[at+1:], " "), " \t\r")
			s.end(at)
			return s, nil
		case strings.IndexByte(wordBytes, c) >= 0:
			for at+n < len(line) && strings.IndexByte(wordBytes, line[at+n]) >= 0 {
				n++
			}
		case strings.HasPrefix(line[at:], "==") || strings.HasPrefix(line[at:], "!="):
			n = 2
		case strings.IndexByte("[]():+=,;.", c) < 0:
			return nil, s.fail(at+1, fmt.Sprintf("unexpected character %q", rune(c)), "")
		}
		s.tokens = append(s.tokens, token{line[at : at+n], at + 1})
		at += n
	}
	s.end(len(line))
	return s, nil
}

func (s *scanner) end(at int) { s.tokens = append(s.tokens, token{"", at + 1}) }

func (s *scanner) fail(col int, msg, hint string) *Error {
	return &Error{File: s.file, Line: s.line, Col: col, Msg: msg, Hint: hint}
}

// failAt is a mistake at a token.
func (s *scanner) failAt(t token, hint, format string, args ...any) error {
	return s.fail(t.col, fmt.Sprintf(format, args...), hint)
}

// unknown is the mistake of a word that is none of those known.
func (s *scanner) unknown(t token, what string, known []string) error {
	if t.text == "" {
		return s.failAt(t, "", "the line ends where %s %s should stand", article(what), what)
	}
	msg, hint := unknown(what, t.text, known)
	return s.fail(t.col, msg, hint)
}

// article is "a" or "an".
func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an"
	}
	return "a"
}

func (s *scanner) peek() token { return s.tokens[s.next] }

func (s *scanner) take() token {
	t := s.tokens[s.next]
	if t.text != "" {
		s.next++
	}
	return t
}

// accept takes the next token if it is text.
func (s *scanner) accept(text string) bool {
	if s.peek().text != text {
		return false
	}
	s.take()
	return true
}

// expect takes the next token, which must be text.
func (s *scanner) expect(text, why string) error {
	if t := s.peek(); !s.accept(text) {
		return s.failAt(t, why, "want %q, not %s", text, t)
	}
	return nil
}

func (t token) String() string {
	if t.text == "" {
		return "the end of the line"
	}
	return strconv.Quote(t.text)
}

// done checks that nothing is left of the line.
func (s *scanner) done() error {
	if t := s.peek(); t.text != "" {
		return s.failAt(t, "", "unexpected %s after the end of the statement", t)
	}
	return nil
}

// number takes a number of at most limit.
func (s *scanner) number(what string, limit int64) (int64, error) {
	t := s.take()
	n, err := strconv.ParseInt(t.text, 0, 64)
	if err != nil || n < 0 || t.text[0] < '0' || t.text[0] > '9' {
		return 0, s.failAt(t, "", "want a number of %s, not %s", what, t)
	}
	if n > limit {
		return 0, s.failAt(t, fmt.Sprintf("at most %d", limit), "%d %s are too many", n, what)
	}
	return n, nil
}

// reserved are the words that are no names.
var reserved = []string{"init", "zero", "none", "not", "and", "or", "from", "into", "to", "with"}

// name takes a name: a letter, then letters, digits and underscores.
func (s *scanner) name(what string) (token, error) {
	t := s.take()
	if why := badName(t.text); why != "" {
		return t, s.failAt(t, why, "%s is no name for a %s", t, what)
	}
	return t, nil
}

// badName says why text is no name, or "".
func badName(text string) string {
	if text == "" || text[0] <= '9' || text[0] == '_' || strings.ContainsAny(text, "-*") {
		return "want a letter, then letters, digits and _"
	}
	for _, r := range reserved {
		if r == text {
			return "the word has a meaning of its own"
		}
	}
	if _, ok := ParseViolation(text); ok {
		return "the word is a violation"
	}
	return ""
}
