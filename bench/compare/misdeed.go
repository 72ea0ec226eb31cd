package compare

import "cohbench/bench/result"

// A misdeed counts something in a repetition, and in each of its rounds.
type misdeed struct {
	of       func(r *result.Record) int64
	perRound func(p *result.PerRound) []int64
}

var (
	staleRead = misdeed{
		func(r *result.Record) int64 { return r.Oracle.StaleEvents },
		func(p *result.PerRound) []int64 { return p.StaleReads },
	}
	lossRound = misdeed{
		func(r *result.Record) int64 { return r.LossRounds },
		func(p *result.PerRound) []int64 { return p.LossRounds },
	}
)

// Stale is the chance of a read that saw stale data, per exposure. Records
// that ended early count too: what they saw, they saw.
func Stale(records []result.Record, c result.Case) Chance { return staleRead.chance(records, c) }

// Lost is the chance of a round whose check found lost cells, per exposure: a
// round counts once, however much it lost.
func Lost(records []result.Record, c result.Case) Chance { return lossRound.chance(records, c) }

// chance is per exposure. Its clusters are rounds; where there are repetitions
// enough, their interval counts too if it is the wider, for what differs between
// them is in no round.
func (m misdeed) chance(records []result.Record, c result.Case) Chance {
	var byRound, byRep clusters
	for i := range records {
		if r := &records[i]; r.Case() == c {
			byRound.rounds(m, r)
			byRep.add(m.of(r), r.Exposures)
		}
	}
	chance := PerTrial(byRound.events, byRound.trials)
	if chance.Events > 0 && chance.Trials > 0 && len(byRep.events) >= MinReps {
		chance.widen(byRep.events, byRep.trials)
	}
	return chance
}

// clusters are counts of events and of trials.
type clusters struct{ events, trials []int64 }

func (c *clusters) add(events, trials int64) {
	c.events, c.trials = append(c.events, events), append(c.trials, trials)
}

// rounds adds the rounds of a repetition, and as one more what came after the
// last that was checked: a case may end in the middle of a round. A record
// without rounds is one cluster.
func (c *clusters) rounds(m misdeed, r *result.Record) {
	events, trials := m.of(r), r.Exposures
	if p := r.PerRound; p.Valid() {
		for i, n := range m.perRound(p) {
			c.add(n, p.Exposures[i])
			events, trials = events-n, trials-p.Exposures[i]
		}
	}
	if events != 0 || trials != 0 || r.PerRound == nil {
		c.add(events, trials)
	}
}
