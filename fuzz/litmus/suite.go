package litmus

import (
	"embed"
	"fmt"
	"path"

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
		p, err := prog.Parse(path.Join("fuzz/litmus", e.Name()), text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
