package monitor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"cohbench/bench/monitor"
	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

// A clock that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func (c *clock) after(d time.Duration) { c.t = c.t.Add(d) }

func TestStatusETA(t *testing.T) {
	c := &clock{resulttest.Start}
	m := monitor.New(c.now)
	c.after(3 * time.Second)
	if s := m.Status(); s.Elapsed != 3 || s.ETA != 0 || s.Cases != 0 {
		t.Errorf("while preparing: %+v", s)
	}
	m.Start(10, 20*time.Second)
	m.Step("the first")
	c.after(5 * time.Second)
	if s := m.Status(); s.Elapsed != 8 || s.ETA != 15 || s.Case != "the first" || s.Last != nil {
		t.Errorf("by the estimate: %+v", s)
	}
	r := resulttest.Samples(1, 1, []int{8})[0]
	m.Record(&r.Record, r.Hists)
	if s := m.Status(); s.ETA != 45 || s.Done != 1 || s.Last == nil || s.Last.Engine != r.Engine || s.Last.Rates["direct-write"] != r.Rate["direct-write"] {
		t.Errorf("5 s for one of ten: %+v", s)
	}
	c.after(time.Hour)
	m.Record(&r.Record, nil)
	for range 8 {
		m.Record(&r.Record, nil)
	}
	if s := m.Status(); s.ETA != 0 || s.Done != 10 {
		t.Errorf("at the end: %+v", s)
	}
}

func TestStatusFindings(t *testing.T) {
	m := monitor.New(time.Now)
	var stale, lost, broken int64
	deadlocks := 0
	for _, s := range resulttest.Samples(1, 2, []int{8}) {
		m.Record(&s.Record, nil)
		stale, lost, broken = stale+s.Oracle.StaleEvents, lost+s.LossRounds, broken+s.Oracle.BrokenCells()
		if s.Status == "deadlock" {
			deadlocks++
		}
	}
	f := m.Status().Findings
	if stale == 0 || lost == 0 || deadlocks == 0 {
		t.Fatal("nothing to find in the samples")
	}
	if f.StaleReads != stale || f.LossRounds != lost || f.BrokenCells != broken || f.Deadlocks != deadlocks || f.Exposures == 0 {
		t.Errorf("%+v; want %d stale reads, %d rounds, %d cells, %d deadlocks", f, stale, lost, broken, deadlocks)
	}
}

// Each kind of finding is counted for itself, in the status and for Prometheus.
func TestEveryKindOfFinding(t *testing.T) {
	m := monitor.New(time.Now)
	r := &result.Record{Engine: "kernel", Workload: "mixed", MMU: "kernel", Threads: 1, Status: "ok", StaleRounds: 11, LossRounds: 12, EIORounds: 13, QuietEIO: 14,
		Oracle: result.Oracle{StaleEvents: 9, Stale: 1, Inverted: 2, Flipped: 3, Torn: 4, Nowhere: 5, Lost: 6, SilentLost: 7, Incoherent: 8}}
	m.Record(r, nil)
	m.Record(r, nil)
	want := monitor.Findings{StaleReads: 18, LossRounds: 24, EIORounds: 26, QuietEIO: 28, BrokenCells: 72,
		Stale: 2, Inverted: 4, Flipped: 6, Torn: 8, Nowhere: 10, Lost: 12, SilentLost: 14, Incoherent: 16}
	if f := m.Status().Findings; f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
	s, err := m.Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text := get(t, s, "/metrics")
	for kind, n := range map[string]int{"stale": 2, "inverted": 4, "flipped": 6, "torn": 8, "nowhere": 10, "lost": 12, "silent_lost": 14, "incoherent": 16,
		"stale_read": 18, "stale_round": 22, "loss_round": 24, "eio_round": 26, "quiet_eio_round": 28} {
		line := fmt.Sprintf(`cohbench_findings_total{engine="kernel",kind="%s",mmu="kernel",threads="1",workload="mixed"} %d`, kind, n)
		if !strings.Contains(text, line) {
			t.Errorf("no %s in /metrics", line)
		}
	}
}

// Each line is one object, and after stop there is one more and no other.
func TestEvery(t *testing.T) {
	m := monitor.New(time.Now)
	m.Start(2, time.Minute)
	pr, pw := io.Pipe()
	stop := m.Every(time.Millisecond, pw)
	lines := json.NewDecoder(pr)
	var s monitor.Status
	for range 3 {
		if err := lines.Decode(&s); err != nil || s.Cases != 2 {
			t.Fatalf("%+v, %v", s, err)
		}
	}
	go io.Copy(io.Discard, io.MultiReader(lines.Buffered(), pr))
	stop()
	stop()
	pw.Close()
	var last bytes.Buffer
	stop = m.Every(time.Hour, &last)
	stop()
	if n := strings.Count(last.String(), "\n"); n != 1 {
		t.Errorf("%d lines at the end: %q", n, &last)
	}
}

// A reader that has gone ends the lines, not the run.
func TestEveryToNobody(t *testing.T) {
	pr, pw := io.Pipe()
	pr.Close()
	stop := monitor.New(time.Now).Every(time.Millisecond, pw)
	time.Sleep(5 * time.Millisecond)
	stop()
}

func TestCheckAddr(t *testing.T) {
	for _, tt := range []struct {
		address string
		public  bool
		refused bool
	}{
		{"127.0.0.1:0", false, false}, {"[::1]:9090", false, false}, {"localhost:9090", false, false}, {"127.8.8.8:1", false, false},
		{":9090", false, true}, {"0.0.0.0:9090", false, true}, {"[::]:9090", false, true}, {"192.0.2.1:9090", false, true},
		{":9090", true, false}, {"0.0.0.0:9090", true, false},
	} {
		err := monitor.CheckAddr(tt.address, tt.public)
		if (err != nil) != tt.refused || tt.refused && !errors.Is(err, monitor.ErrPublic) {
			t.Errorf("%q, public %v: %v", tt.address, tt.public, err)
		}
	}
	for _, address := range []string{"9090", "127.0.0.1:http:", "127.0.0.1:99999"} {
		if err := monitor.CheckAddr(address, true); err == nil || errors.Is(err, monitor.ErrPublic) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func get(t *testing.T, s *monitor.Server, path string) string {
	t.Helper()
	resp, err := http.Get("http://" + s.Addr + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", path, resp.Status, err, text)
	}
	return string(text)
}

func TestServer(t *testing.T) {
	before := runtime.NumGoroutine()
	m := monitor.New(time.Now)
	s, err := m.Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Serve(s.Addr); err == nil || !strings.Contains(err.Error(), s.Addr) {
		t.Errorf("an address that is taken: %v", err)
	}
	m.Start(7, time.Minute)
	for _, r := range resulttest.Samples(1, 1, []int{8}) {
		m.Record(&r.Record, r.Hists)
	}
	text := get(t, s, "/metrics")
	for _, want := range []string{
		"\ncohbench_cases 7\n",
		`cohbench_cases_ended_total{engine="addlock-nofdm",mmu="soft",status="deadlock",threads="8",workload="self-buffer"} 1`,
		`cohbench_ops_total{class="direct-write",engine="raw",mmu="none",threads="8",workload="direct-write"} `,
		`cohbench_rate{class="direct-write",engine="addlock",`,
		`cohbench_latency_seconds_bucket{class="direct-write",engine="addlock",mmu="soft",threads="8",workload="direct-write",le="+Inf"} 500`,
		`cohbench_latency_seconds_bucket{class="direct-write",engine="addlock",mmu="soft",threads="8",workload="direct-write",le="1e-06"} 0`,
		`cohbench_lock_waits_total{engine="addlock",`,
		`cohbench_lock_wait_max_seconds{engine="addlock",`,
		`cohbench_findings_total{engine="none",kind="stale",`,
		"\ngo_goroutines ", "\ngo_build_info{",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in /metrics", want)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "cohbench_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	if err != nil {
		t.Error(err)
	}
	var status monitor.Status
	if err := json.Unmarshal([]byte(get(t, s, "/status")), &status); err != nil || status.Cases != 7 {
		t.Errorf("/status: %+v, %v", status, err)
	}
	if text := get(t, s, "/debug/pprof/goroutine?debug=1"); !strings.Contains(text, "goroutine profile") {
		t.Errorf("a profile: %.80q", text)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + s.Addr + "/status"); err == nil {
		t.Error("it answers after Close")
	}
	http.DefaultClient.CloseIdleConnections()
	for i := 0; runtime.NumGoroutine() > before && i < 200; i++ {
		time.Sleep(5 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines left, %d before", n, before)
	}
}

// The buckets hold what the histograms held, summed over repetitions.
func TestLatencyBuckets(t *testing.T) {
	m := monitor.New(time.Now)
	for _, r := range resulttest.Samples(1, 3, []int{8}) {
		if r.Engine == "raw" && r.Workload == "direct-write" && r.Pair == 0 {
			m.Record(&r.Record, r.Hists)
		}
	}
	s, err := m.Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text := get(t, s, "/metrics")
	for _, want := range []string{`le="10"} 1500`, `cohbench_latency_seconds_count{class="direct-write",engine="raw",mmu="none",threads="8",workload="direct-write"} 1500`, `le="1e-05"} 0`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in /metrics", want)
		}
	}
}
