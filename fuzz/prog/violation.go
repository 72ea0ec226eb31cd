package prog

import "strings"

// Violation is a set of things that can go wrong, or that one may want to know
// of.
type Violation uint32

// The violations. The rules are those of package oracle.
const (
	Stale         Violation = 1 << iota // a read returned what had been superseded before it began
	Lost                                // at the end, a file holds what had been superseded
	SilentLost                          // lost, although every Sync said success
	Inverted                            // a read returned something older than an earlier read had
	Flipped                             // a read undid what an earlier read had returned
	Torn                                // a word that nobody ever wrote anywhere
	Nowhere                             // a word that was never written there
	Incoherent                          // at the end, direct, buffered and mapped reads differ
	EFAULT                              // an operation could not use its buffer
	EIO                                 // an operation said that data may be lost
	Deadlock                            // tasks wait for each other
	Livelock                            // tasks run and get nowhere
	Panic                               // the code under test panicked
	InFlight                            // inverted or flipped while the newer write is in flight: legal
	Starved                             // others joined the holders of a pagecache lock again and again while a task slept for it
	Convoy                              // a task slept for an inode lock whose holder slept for another lock
	Length                              // something was of another length than it can be, and nobody said why
	numViolations = iota
)

// Contention is what is seen only in runs of programs that look for it, and that
// come to their end: it is about how long tasks wait, and breaks no claim.
const Contention = Starved | Convoy

// Incoherence is the violations of whoever claims coherence.
const Incoherence = Stale | Lost | SilentLost | Inverted | Flipped | Torn | Nowhere | Incoherent | Length

var violationNames = [numViolations]string{"stale", "lost", "silent-lost", "inverted", "flipped", "torn", "nowhere",
	"incoherent", "EFAULT", "EIO", "deadlock", "livelock", "panic", "in-flight", "starved", "convoy", "length"}

// String is the names of the set's members, with commas; "nothing" for none.
func (v Violation) String() string {
	if v == 0 {
		return "nothing"
	}
	var names []string
	for i, name := range violationNames {
		if v&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// ParseViolation is the violation of that name, or false if there is none.
func ParseViolation(name string) (Violation, bool) {
	for i, n := range violationNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}
