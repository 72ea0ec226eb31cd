package mutants

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Variable is the environment variable that says which mutant is in: its place
// in the list that was planted, from 1 on.
const Variable = "COHBENCH_MUTANT"

// Planted is sources with bugs in them.
type Planted struct {
	Overlay string // the file for go build -overlay
	texts   map[string]string
}

// Plant writes sources of the module at root with all the mutants in them to
// dir. It fails if an edit does not fit the source any more.
func Plant(root, dir string, list []Mutant) (*Planted, error) {
	p := &Planted{Overlay: filepath.Join(dir, "overlay.json"), texts: map[string]string{}}
	for _, name := range filesOf(list) {
		f, err := parse(root, name)
		if err != nil {
			return nil, err
		}
		if p.texts[name], err = f.plant(list); err != nil {
			return nil, err
		}
		p.texts[path.Join(path.Dir(name), chooser)] = fmt.Sprintf(choose, f.ast.Name.Name, Variable)
	}
	return p, p.write(root, dir)
}

// filesOf lists the files that have mutants.
func filesOf(list []Mutant) (names []string) {
	for i := range list {
		if !slices.Contains(names, list[i].File) {
			names = append(names, list[i].File)
		}
	}
	return names
}

// chooser is a file that each package with mutants gets.
const (
	chooser = "planted_mutant.go"
	choose  = `package %s

import (
	"os"
	"strconv"
)

var planted, _ = strconv.Atoi(os.Getenv(%q))
`
)

// write writes the sources, and the overlay that puts them into their places.
func (p *Planted) write(root, dir string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for name, text := range p.texts {
		at := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = at
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(p.Overlay, overlay, 0o644)
}

// edit replaces the bytes [start, end) of a text.
type edit struct {
	start, end int
	text       string
}

// apply makes the edits, which do not overlap, of a text that begins at from.
func apply(text []byte, from int, edits ...edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	var b strings.Builder
	for _, e := range edits {
		b.Write(text[:e.start-from])
		b.WriteString(e.text)
		text, from = text[e.end-from:], e.end
	}
	b.Write(text)
	return b.String()
}

// plant is the file's text with those of the mutants that are in it.
func (f *file) plant(list []Mutant) (string, error) {
	var edits []edit
	var copies strings.Builder
	var err error
	f.functions(func(name string, d *ast.FuncDecl) {
		var cases strings.Builder
		call := f.forward(d, &edits)
		for i := range list {
			m := &list[i]
			if m.File != f.name || m.Func != name || err != nil {
				continue
			}
			if err = f.find(m); err != nil {
				return
			}
			fmt.Fprintf(&cases, " case %d: %s;", i+1, fmt.Sprintf(call, copyOf(d, i)))
			copies.WriteString("\n\n" + f.mutate(d, m, i))
		}
		if cases.Len() > 0 {
			at := f.at(d.Body.Lbrace) + 1
			edits = append(edits, edit{at, at, " switch planted {" + cases.String() + " };"})
		}
	})
	if err == nil {
		err = unplaced(f, list)
	}
	return apply(f.text, 0, edits...) + copies.String() + "\n", err
}

// unplaced finds a mutant of the file that is in no function of it.
func unplaced(f *file, list []Mutant) error {
	for i := range list {
		if m := &list[i]; m.File == f.name {
			if err := f.find(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyOf is the name of the copy of a function for mutant i.
func copyOf(d *ast.FuncDecl, i int) string { return fmt.Sprintf("%s__%d", d.Name.Name, i+1) }

// mutate is the text of a function's copy for a mutant.
func (f *file) mutate(d *ast.FuncDecl, m *Mutant, i int) string {
	name := edit{f.at(d.Name.Pos()), f.at(d.Name.End()), copyOf(d, i)}
	return apply(f.text[f.at(d.Pos()):f.at(d.End())], f.at(d.Pos()), name, edit{m.start, m.end, m.New})
}

// forward is the statement with which a function calls its copy, %s standing
// for the name of that. Parameters that have no name get one.
func (f *file) forward(d *ast.FuncDecl, edits *[]edit) string {
	call, args := "%s(", []string{}
	if d.Recv != nil {
		call = f.named(d.Recv.List[0], "recv", edits)[0] + ".%s("
	}
	for i, field := range d.Type.Params.List {
		names := f.named(field, fmt.Sprintf("arg%d", i), edits)
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			names[0] += "..."
		}
		args = append(args, names...)
	}
	call += strings.Join(args, ", ") + ")"
	if d.Type.Results == nil {
		return call + "; return"
	}
	return "return " + call
}

// named is the names of a field, which are made from base if it has none.
func (f *file) named(field *ast.Field, base string, edits *[]edit) (names []string) {
	if len(field.Names) == 0 {
		at := f.at(field.Pos())
		*edits = append(*edits, edit{at, at, base + " "})
		return []string{base}
	}
	for i, n := range field.Names {
		name := n.Name
		if name == "_" {
			name = fmt.Sprintf("%s_%d", base, i)
			*edits = append(*edits, edit{f.at(n.Pos()), f.at(n.End()), name})
		}
		names = append(names, name)
	}
	return names
}
