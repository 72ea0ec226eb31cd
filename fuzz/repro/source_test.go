package repro

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
)

var update = flag.Bool("update", false, "write the golden files anew")

// generate writes the C program of a built-in test.
func generate(t *testing.T, name string) string {
	t.Helper()
	p := builtin(t, name)
	o, err := Find(p, &core.Model{Policy: coherence.DoubleInvalidate})
	if err != nil && !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WriteC(&b, name, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"lost-update"} {
		got, file := generate(t, name), filepath.Join("testdata", name+".c.golden")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not what is generated; -update writes it", file)
		}
	}
}

// compile makes a program of C text, without a warning.
func compile(t *testing.T, name, text string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: cc is not there")
	}
	dir := t.TempDir()
	file, program := filepath.Join(dir, name+".c"), filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-Wall", "-Wextra", "-Werror", file, "-lpthread", "-o", program).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return program
}
