package mutants

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// Mutant is a bug: an edit of the text of one function.
type Mutant struct {
	Name string
	Bug  string // what is wrong with it
	File string // from the root of the module, with slashes
	Func string // name, or Type.Method
	// Old is the text to be replaced by New. It must be there once.
	Old, New string

	start, end int // of Old, in bytes from the start of the file; 0: not looked up yet
}

// Where is the mutant's place, for reports.
func (m *Mutant) Where() string { return m.File + " " + m.Func }

// file is a source file with bugs.
type file struct {
	name string
	text []byte
	fset *token.FileSet
	ast  *ast.File
}

func parse(root, name string) (*file, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("read the source to plant a bug in: %w", err)
	}
	f := &file{name: name, text: text, fset: token.NewFileSet()}
	f.ast, err = parser.ParseFile(f.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return f, err
}

// at is the offset of a position in the file's text.
func (f *file) at(pos token.Pos) int { return f.fset.Position(pos).Offset }

// source is the text of a node.
func (f *file) source(n ast.Node) string { return string(f.text[f.at(n.Pos()):f.at(n.End())]) }

// functions calls fn for each function that has a body, with its name.
func (f *file) functions(fn func(name string, d *ast.FuncDecl)) {
	for _, d := range f.ast.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
			fn(nameOf(d), d)
		}
	}
}

// nameOf is Type.Method, or the name.
func nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	return t.(*ast.Ident).Name + "." + d.Name.Name
}

// find looks up where the edit of m is.
func (f *file) find(m *Mutant) error {
	if m.end != 0 {
		return nil
	}
	var in *ast.FuncDecl
	f.functions(func(name string, d *ast.FuncDecl) {
		if name == m.Func {
			in = d
		}
	})
	if in == nil {
		return fmt.Errorf("mutant %s: there is no function %s in %s", m.Name, m.Func, m.File)
	}
	body := f.source(in)
	if n := strings.Count(body, m.Old); n != 1 {
		return fmt.Errorf("mutant %s: %q is %d times in %s of %s, not once: say anew what is to be replaced", m.Name, m.Old, n, m.Func, m.File)
	}
	m.start = f.at(in.Pos()) + strings.Index(body, m.Old)
	m.end = m.start + len(m.Old)
	return nil
}
