package litmus

import (
	"embed"
	"fmt"
	"path"

	"cohbench/core/coherence"
	"cohbench/fuzz/prog"
)

//go:embed *.coh
var files embed.FS

// Suite is the built-in tests, by name.
func Suite() ([]*prog.Program, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list the litmus tests: %w", err)
	}
	var list []*prog.Program
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read a litmus test: %w", err)
		}
		p, err := Parse(path.Join("fuzz/litmus", e.Name()), text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Parse is prog.Parse for a test whose verdicts are checked: what it expects, it
// must expect of a policy that there is.
func Parse(name string, src []byte) (*prog.Program, error) {
	var engines []string
	for _, p := range coherence.All() {
		engines = append(engines, p.Name)
	}
	return prog.ParseFor(name, src, engines)
}
