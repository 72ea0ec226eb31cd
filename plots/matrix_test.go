package plots

import (
	"bytes"
	"testing"

	"cohbench/bench/compare"
	"cohbench/bench/result"
)

// A row without a measurement, one without a finding and one with are drawn.
func TestMatrix(t *testing.T) {
	found := result.Record{Engine: "kernel", MMU: "kernel", Workload: "direct-write+store", Status: "ok", Rounds: 40, StaleRounds: 7, LossRounds: 40}
	none := result.Record{Engine: "kernel", MMU: "kernel", Workload: "direct-write+store", Status: "ok", Rounds: 40}
	m := compare.NewMatrix([]string{"ext4", "tmpfs", "xfs"}, []*result.Run{
		{Env: result.Env{IO: "direct"}, Records: []result.Record{found}},
		{Env: result.Env{IO: "buffered"}, Records: []result.Record{none}},
		{Env: result.Env{IO: "direct"}},
	})
	svg, err := Matrix(&m).SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ext4", "tmpfs", "xfs", "not measured", "lost silently"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("no %q in the picture", want)
		}
	}
}
