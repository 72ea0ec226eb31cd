// Package monitor says how a long run goes, while it goes: lines of JSON at
// intervals (Status), and metrics for Prometheus beside profiles of the process
// over HTTP (Server).
//
// It sees what the runner tells a bench.Progress and a bench.Sink, so its figures are
// those of cases that have ended, and looking at them costs the case under way
// nothing but the processor time of the answer. A soak is therefore best run as
// many short cases. It is for one run.
package monitor
