package prog

import (
	"path"
	"strings"
)

// Verdict is the answer of a search to what a program looks for.
type Verdict uint8

// The verdicts. A search that found a deadlock or a livelock says so, unless
// that is what it looked for.
const (
	Unknown     Verdict = iota // the search was not complete
	Never                      // in no schedule within the bound
	Sometimes                  // in some
	Always                     // in all
	Deadlocks                  // in some schedule tasks wait for each other
	Livelocks                  // in some schedule tasks run and get nowhere
	numVerdicts = iota
)

var verdictNames = [numVerdicts]string{"unknown", "never", "sometimes", "always", "deadlock", "livelock"}

// String is the word for the verdict.
func (v Verdict) String() string {
	if v < numVerdicts {
		return verdictNames[v]
	}
	return "verdict?"
}

// Expect is the verdict that is expected of engines.
type Expect struct {
	Note
	Verdict Verdict
	Engines []string // names, in which * stands for anything
}

// Expected is the verdict that p expects of an engine: that of its name if it
// is given, else that of the longest pattern which matches. False if there is
// none.
func (p *Program) Expected(engine string) (Verdict, bool) {
	best, verdict := -1, Unknown
	for i := range p.Expect {
		for _, pattern := range p.Expect[i].Engines {
			rank := 2 * len(pattern)
			if !strings.Contains(pattern, "*") {
				rank++
			}
			if matches(pattern, engine) && rank > best {
				best, verdict = rank, p.Expect[i].Verdict
			}
		}
	}
	return verdict, best >= 0
}

// matches reports whether a name, or a pattern of names, stands for an engine.
func matches(pattern, engine string) bool {
	ok, err := path.Match(pattern, engine)
	return ok && err == nil
}
