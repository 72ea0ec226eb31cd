package ci

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// modulePath is the first line of go.mod.
const modulePath = "cohbench"

// source is one Go file of the repository.
type source struct {
	name string // from the root, with slashes
	text []byte
	ast  *ast.File
	fset *token.FileSet
}

// dir is the source's folder: "." for the root.
func (s *source) dir() string { return path.Dir(s.name) }

func (s *source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// at is a finding at a place in the source.
func (s *source) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", s.name, s.fset.Position(pos).Line) + fmt.Sprintf(format, args...)
}

// imports are the import paths of the source and where they stand.
func (s *source) imports() map[string]token.Pos {
	m := map[string]token.Pos{}
	for _, i := range s.ast.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			m[p] = i.Pos()
		}
	}
	return m
}

// localName is the name by which the source knows an import, "" if it does not
// import it.
func (s *source) localName(importPath string) string {
	for _, i := range s.ast.Imports {
		if i.Path.Value != strconv.Quote(importPath) {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		base := path.Base(importPath)
		if strings.HasPrefix(base, "v") && len(base) == 2 {
			base = path.Base(path.Dir(importPath))
		}
		return base
	}
	return ""
}

// uses calls fn for each importPath.Name in node.
func (s *source) uses(node ast.Node, importPath string, fn func(name string, pos token.Pos)) {
	local := s.localName(importPath)
	if local == "" {
		return
	}
	ast.Inspect(node, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
			fn(sel.Sel.Name, sel.Pos())
		}
		return true
	})
}

// tree is all Go files of the repository, whatever their build tags. That is
// why the rules read files and do not ask "go list", which sees one platform.
type tree []*source

// parse makes a tree of texts by name.
func parse(files map[string]string) (tree, error) {
	var t tree
	fset := token.NewFileSet()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := parser.ParseFile(fset, name, files[name], parser.ParseComments)
		if err != nil {
			return nil, err
		}
		t = append(t, &source{name, []byte(files[name]), f, fset})
	}
	return t, nil
}

// load reads the tree below root, without what the go command leaves out too.
func load(root string) (tree, error) {
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || base[0] == '.' || base[0] == '_' {
			return nil
		}
		text, err := os.ReadFile(path.Join(root, name))
		files[name] = string(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parse(files)
}

// in is the sources in the folder dir and below.
func (t tree) in(dirs ...string) tree {
	var sub tree
	for _, s := range t {
		if slices.ContainsFunc(dirs, func(d string) bool { return within(s.dir(), d) }) {
			sub = append(sub, s)
		}
	}
	return sub
}

// within reports whether dir is parent or below it.
func within(dir, parent string) bool {
	return dir == parent || strings.HasPrefix(dir, parent+"/")
}

// code is the sources that are not tests.
func (t tree) code() tree {
	return slices.DeleteFunc(slices.Clone(t), (*source).isTest)
}

// packages is the sources by folder.
func (t tree) packages() map[string]tree {
	m := map[string]tree{}
	for _, s := range t {
		m[s.dir()] = append(m[s.dir()], s)
	}
	return m
}

// doc is the package comment: of all files together.
func (t tree) doc() string {
	var b strings.Builder
	for _, s := range t {
		if s.ast.Doc != nil {
			b.WriteString(s.ast.Doc.Text())
		}
	}
	return b.String()
}
