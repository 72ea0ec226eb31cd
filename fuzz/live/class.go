package live

import (
	"cohbench/fuzz/exec"
	"cohbench/fuzz/prog"
)

// Kernel is the violations that count on a running kernel: EIO is one, if
// nothing else went wrong.
const Kernel = prog.Incoherence | prog.EIO

// classes is what a run is called after, the worst first. A run belongs to one:
// what is lost is seen to be stale, too.
var classes = []prog.Violation{prog.Deadlock, prog.Livelock, prog.SilentLost, prog.Lost, prog.Incoherent, prog.Torn,
	prog.Nowhere, prog.Stale, prog.Inverted, prog.Flipped, prog.EFAULT, prog.EIO}

// classOf is the class of a run among those that count, 0 for none.
func classOf(res *exec.Result, seeks prog.Violation) prog.Violation {
	for _, v := range classes {
		if res.Found&seeks&v != 0 {
			if v == prog.EIO && res.Found&prog.Incoherence != 0 {
				return 0
			}
			return v
		}
	}
	return 0
}

// condition is what a program looks for that is to show a class.
func condition(class prog.Violation) []prog.Cond {
	if class != prog.EIO {
		return []prog.Cond{{Kind: prog.CondSeen, Seen: class}}
	}
	and := prog.Cond{Kind: prog.CondAnd, Sub: []prog.Cond{{Kind: prog.CondSeen, Seen: prog.EIO}}}
	for _, v := range classes {
		if v&prog.Incoherence != 0 {
			and.Sub = append(and.Sub, prog.Cond{Kind: prog.CondNot, Sub: []prog.Cond{{Kind: prog.CondSeen, Seen: v}}})
		}
	}
	return []prog.Cond{and}
}
