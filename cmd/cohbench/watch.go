package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cohbench/bench"
	"cohbench/bench/monitor"
	"cohbench/bench/result"
)

// watchOptions is how a run is to be watched while it goes.
type watchOptions struct {
	interval time.Duration
	listen   string
	public   bool
}

func (o *watchOptions) addFlags(f *pflag.FlagSet) {
	f.DurationVar(&o.interval, "status-interval", 0, "print how the run stands to stderr so often, such as 5s: a line of JSON instead of progress")
	f.StringVar(&o.listen, "listen", "", "answer on this address, such as 127.0.0.1:9090, while it runs: /metrics for Prometheus, /status, /debug/pprof")
	f.BoolVar(&o.public, "listen-public", false, "let --listen take an address that other machines can reach")
}

// check refuses what the command line alone shows to be wrong.
func (o *watchOptions) check() error {
	switch {
	case o.interval < 0:
		return usage(errors.New("--status-interval must not be negative"), "")
	case o.listen == "" && o.public:
		return usage(errors.New("--listen-public without --listen"), "")
	case o.listen == "":
		return nil
	}
	err := monitor.CheckAddr(o.listen, o.public)
	switch {
	case errors.Is(err, monitor.ErrPublic):
		return usage(fmt.Errorf("--listen: %w", err), "listen on 127.0.0.1, or say --listen-public: profiles show what the process does")
	case err != nil:
		return usage(fmt.Errorf("--listen: %w", err), "want an address such as 127.0.0.1:9090")
	}
	return nil
}

// start begins to watch, as far as was asked. close ends it.
func (o *watchOptions) start(c *cobra.Command) (*watcher, error) {
	w := &watcher{}
	if o.interval == 0 && o.listen == "" {
		return w, nil
	}
	w.monitor = monitor.New(time.Now)
	if o.listen != "" {
		server, err := w.monitor.Serve(o.listen)
		if err != nil {
			return nil, environment(err, "name another address with --listen")
		}
		w.server = server
		fmt.Fprintf(c.ErrOrStderr(), "http://%s has /metrics, /status and /debug/pprof/ while this runs\n", server.Addr)
	}
	if o.interval > 0 {
		w.stop = w.monitor.Every(o.interval, c.ErrOrStderr())
	}
	return w, nil
}

// A watcher hands on what a run tells of itself. The zero one does nothing.
type watcher struct {
	monitor *monitor.Monitor
	server  *monitor.Server
	stop    func() // the lines of --status-interval
}

// close ends the watch. It may be called again.
func (w *watcher) close() error {
	if w.stop != nil {
		w.stop()
	}
	server := w.server
	w.server = nil
	if server == nil {
		return nil
	}
	return server.Close()
}

// progress is where the run tells of its cases: p, and the monitor. Where lines of
// JSON are printed, p is not told.
func (w *watcher) progress(p bench.Progress) bench.Progress {
	switch {
	case w.monitor == nil:
		return p
	case w.stop != nil:
		return w.monitor
	}
	return bothProgress{p, w.monitor}
}

type bothProgress struct{ first, second bench.Progress }

// Start implements bench.Progress.
func (b bothProgress) Start(cases int, estimate time.Duration) {
	b.first.Start(cases, estimate)
	b.second.Start(cases, estimate)
}

// Step implements bench.Progress.
func (b bothProgress) Step(text string) {
	b.first.Step(text)
	b.second.Step(text)
}

// sink is where records go: to s, and then to the monitor.
func (w *watcher) sink(s bench.Sink) bench.Sink {
	if w.monitor == nil {
		return s
	}
	return watchedSink{s, w.monitor}
}

type watchedSink struct {
	bench.Sink
	monitor *monitor.Monitor
}

// Append implements bench.Sink.
func (s watchedSink) Append(r *result.Record, hists map[string]*hdrhistogram.Histogram) error {
	if err := s.Sink.Append(r, hists); err != nil {
		return err
	}
	s.monitor.Record(r, hists)
	return nil
}
