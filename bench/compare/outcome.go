package compare

import "cohbench/bench/result"

// Outcome is what may be said of the coherence of a case, from best to worst.
type Outcome uint8

// Outcomes.
const (
	NoOutcome  Outcome = iota // it could not be run
	Clean                     // nothing was seen
	SawStale                  // a read was stale, inverted, flipped, torn or from nowhere
	SawLoss                   // data was lost, or views differ, when all was quiet
	Deadlocked                // it did not come to an end, or starved
)

// String names an outcome.
func (o Outcome) String() string {
	return [...]string{"not run", "clean", "stale", "lost", "deadlock"}[o]
}

// OutcomeOf is the outcome of one repetition.
func OutcomeOf(r *result.Record) Outcome {
	switch {
	case r.Status == result.StatusDeadlock || r.Status == result.StatusStarved:
		return Deadlocked
	case r.LossRounds > 0 || r.Oracle.Lost > 0 || r.Oracle.SilentLost > 0 || r.Oracle.Incoherent > 0:
		return SawLoss
	case r.Oracle.Broken():
		return SawStale
	case r.OK():
		return Clean
	}
	return NoOutcome
}

// Worst is the worst outcome of repetitions.
func Worst(records []result.Record) Outcome {
	worst := NoOutcome
	for i := range records {
		worst = max(worst, OutcomeOf(&records[i]))
	}
	return worst
}
