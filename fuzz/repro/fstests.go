package repro

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"

	"cohbench/fuzz/prog"
)

//go:embed fstests.sh.tmpl
var testText string

var testTemplate = template.Must(template.New("fstests.sh").Delims("[[", "]]").Parse(testText))

// WriteTest writes the script of a test for xfstests, which runs the C program
// of that name from its src. What it prints is WriteExpected's.
func WriteTest(w io.Writer, name string, p *prog.Program) error {
	doc := []string{p.Name}
	if p.Doc != "" {
		doc = strings.Split(p.Doc, "\n")
	}
	err := testTemplate.Execute(w, map[string]any{"Name": name, "Doc": doc})
	if err != nil {
		return fmt.Errorf("write test %s: %w", name, err)
	}
	return nil
}

// WriteExpected writes what a test prints when all is well.
func WriteExpected(w io.Writer, name string) error {
	_, err := fmt.Fprintf(w, "QA output created by %s\nSilence is golden\n", name)
	return err
}
