package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/fuzz/prog"
	"cohbench/fuzz/shoot"
)

// shotRecord is a test on a file system, as --json prints it.
type shotRecord struct {
	Test     string        `json:"test"`
	Engine   string        `json:"engine"`
	Dir      string        `json:"dir"`
	FSType   string        `json:"fs_type"`
	Direct   string        `json:"direct"`
	Windows  shoot.Windows `json:"windows"`
	Stopper  string        `json:"stopper"`               // what held direct writes, or none
	Lacking  string        `json:"stopper_why,omitempty"` // not what auto tries before it
	Verdict  string        `json:"verdict"`               // unknown: it could not be asked
	Text     string        `json:"text"`
	Model    string        `json:"model,omitempty"` // what the test expects of double-invalidate
	First    bool          `json:"first_shot"`
	Hits     int64         `json:"hits"` // in Shots tries of the best order
	Shots    int64         `json:"shots"`
	FreeHits int64         `json:"free_hits"`
	Free     int64         `json:"free"`
	Held     int64         `json:"held"`    // runs with a direct write held
	Orders   int64         `json:"orders"`  // that the file system allows
	Refused  int64         `json:"refused"` // orders in which something waits
	Seen     string        `json:"seen"`
	Account  []string      `json:"account,omitempty"`
}

func (t *site) record(p *prog.Program, r *shoot.Report) shotRecord {
	d := shotRecord{Test: p.Name, Engine: kernelName, Dir: t.dir, FSType: t.probe.FSType, Direct: string(t.probe.Direct),
		Windows: t.windows, Stopper: t.stopper.name, Lacking: t.stopper.why,
		Verdict: r.Verdict().String(), Text: r.Text(), First: r.FirstShot(), Hits: r.Hits, Shots: r.Shots,
		FreeHits: r.FreeHits, Free: r.Free, Held: r.Held, Orders: r.Orders, Refused: r.Refused, Seen: r.Seen.String()}
	if want, ok := p.Expected("double-invalidate"); ok {
		d.Model = want.String()
	}
	if r.Hit != nil {
		d.Account = r.Hit.Text(p)
	}
	return d
}

// describe is the heading of a column of such records.
func (d *shotRecord) describe(name string) string {
	held, why := "can", ""
	if !d.Windows.Held {
		held, why = "cannot", ": "+d.Windows.Why
	}
	return fmt.Sprintf("kernel on %s (%s): direct IO is %s; windows %s be held%s%s", d.FSType, name, d.Direct, held, d.by(), why)
}

// by is what held the writes; nothing where none was held, or where an older
// record does not say.
func (d *shotRecord) by() string {
	switch {
	case d.Stopper == "" || d.Stopper == string(noStopper):
		return ""
	case d.Lacking == "":
		return " by " + d.Stopper
	}
	return " by " + d.Stopper + " (" + d.Lacking + ")"
}

// surprise says how a file system differs from the model of what Linux does:
// '>' it shows what the model never does, '<' it does not show what the model
// does, ' ' they agree, or one of them says nothing.
func (d *shotRecord) surprise() byte {
	does := d.Model == prog.Sometimes.String() || d.Model == prog.Always.String()
	switch {
	case d.Verdict == prog.Never.String() && does:
		return '<'
	case d.Verdict == prog.Sometimes.String() && d.Model == prog.Never.String():
		return '>'
	}
	return ' '
}

// text is the record as the cell of a table.
func (d *shotRecord) text() string {
	text := ""
	switch {
	case d.Test == "":
		return "" // not among what was asked
	case d.Verdict == prog.Unknown.String():
		return "n/a"
	case d.First:
		text = fmt.Sprintf("! %d/%d", d.Hits, d.Shots)
	case d.Hits > 0:
		text = fmt.Sprintf("~ %d/%d", d.Hits, d.Shots)
	case d.FreeHits > 0:
		text = fmt.Sprintf("~ %d/%d", d.FreeHits, d.Free)
	default:
		text = fmt.Sprintf("- 0/%d", d.Held+d.Free)
	}
	if s := d.surprise(); s != ' ' {
		text += " " + string(s)
	}
	return text
}

// hue is red for what the model does not say, and dim for "never".
func (d *shotRecord) hue() string {
	switch {
	case d.surprise() != ' ':
		return red
	case d.Verdict == prog.Sometimes.String():
		return yellow
	}
	return dim
}

// printMerged prints one table of what --json has written elsewhere, with a
// column for each file, named for it.
func (o *litmusOptions) printMerged(c *cobra.Command, tests []*prog.Program) error {
	var columns []string
	var files []map[string]shotRecord
	for _, name := range o.from {
		records, first, err := readShots(name)
		if err != nil {
			return err
		}
		columns = append(columns, first.describe(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))))
		files = append(files, records)
	}
	table, err := newLitmusTable(c.OutOrStdout(), tests, columns, o)
	if err != nil {
		return err
	}
	for _, p := range tests {
		row := make([]shotRecord, len(files))
		for i := range files {
			row[i] = files[i][p.Name]
		}
		if slices.ContainsFunc(row, func(d shotRecord) bool { return d.Test != "" }) {
			if err := table.rowWith(p, nil, row); err != nil {
				return err
			}
		}
	}
	table.legend()
	table.kernelLegend()
	return table.err
}

// readShots reads the records of one file system by test, and the first.
func readShots(name string) (records map[string]shotRecord, first shotRecord, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, first, environment(fmt.Errorf("read results of litmus tests: %w", err), "")
	}
	defer f.Close()
	records = map[string]shotRecord{}
	for d := json.NewDecoder(f); ; {
		var r shotRecord
		err := d.Decode(&r)
		switch {
		case errors.Is(err, io.EOF) && len(records) > 0:
			return records, first, nil
		case errors.Is(err, io.EOF):
			err = errors.New("it has none")
			fallthrough
		case err != nil:
			return nil, first, environment(fmt.Errorf("read results of litmus tests in %s: %w", name, err), "'cohbench litmus --engine kernel --json' writes them")
		case r.Engine != kernelName:
			continue
		case len(records) == 0:
			first = r
		}
		records[r.Test] = r
	}
}
