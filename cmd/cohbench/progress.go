package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how a run goes: a bar on a terminal, else a line now and then.
type progress struct {
	w     io.Writer
	term  bool
	bar   *progressbar.ProgressBar
	cases int
	begun int // cases
	width int // of the longest description, so that the bar stays in its place
	start time.Time
	last  time.Time // of a line
}

// linePeriod is how often a line is printed where there is no terminal.
const linePeriod = 10 * time.Second

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, term: ok && term.IsTerminal(int(f.Fd()))}
}

// say prints a line.
func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.w, format+"\n", args...)
}

// Start implements bench.Progress.
func (p *progress) Start(cases int, estimate time.Duration) {
	p.cases, p.start = cases, time.Now()
	p.last = p.start
	p.say("%d cases, about %v", cases, estimate.Round(time.Second))
	if !p.term {
		return
	}
	p.bar = progressbar.NewOptions(cases,
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetWidth(24),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true))
}

// Step implements bench.Progress. A case counts when the next begins.
func (p *progress) Step(text string) {
	if p.bar != nil {
		p.width = max(p.width, len(text))
		p.bar.Describe(fmt.Sprintf("%-*s", p.width, text))
		p.bar.Set(p.begun)
	} else if time.Since(p.last) >= linePeriod {
		p.last = time.Now()
		p.say("case %d of %d, %v to go: %s", p.begun+1, p.cases, p.left(time.Since(p.start)), text)
	}
	p.begun++
}

// left is how long the cases to come will take if they take as long as those
// before, of which there is one at least.
func (p *progress) left(gone time.Duration) time.Duration {
	perCase := gone / time.Duration(max(p.begun, 1))
	return (perCase * time.Duration(p.cases-p.begun)).Round(time.Second)
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		p.bar.Clear()
	}
}

// watchLines prints a line now and then until it is stopped.
func watchLines(w io.Writer, line func() string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(linePeriod)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				fmt.Fprintln(w, line())
			}
		}
	}()
	return func() { close(done); <-ended }
}
