package bench

import (
	"testing"

	"cohbench/workloads"
)

func TestPerRound(t *testing.T) {
	if p := perRound(make([]workloads.Round, 5)); p != nil {
		t.Errorf("nothing was seen: %+v", p)
	}
	rounds := make([]workloads.Round, 2*maxPerRound+1)
	var exposures, stale, lost int64
	for i := range rounds {
		rounds[i] = workloads.Round{Exposures: int64(i), StaleReads: int64(i % 3), Lost: i%5 == 0}
		exposures, stale = exposures+int64(i), stale+int64(i%3)
		if i%5 == 0 {
			lost++
		}
	}
	p := perRound(rounds)
	if p.Rounds != 3 || len(p.Exposures) > maxPerRound || !p.Valid() {
		t.Fatalf("%d elements of %d rounds", len(p.Exposures), p.Rounds)
	}
	for i := range p.Exposures {
		exposures, stale, lost = exposures-p.Exposures[i], stale-p.StaleReads[i], lost-p.LossRounds[i]
	}
	if exposures != 0 || stale != 0 || lost != 0 {
		t.Errorf("not summed up: %d exposures, %d stale reads, %d losses", exposures, stale, lost)
	}
	if p := perRound(rounds[:3]); p.Rounds != 1 || len(p.Exposures) != 3 || p.LossRounds[0] != 1 {
		t.Errorf("three rounds: %+v", p)
	}
}
