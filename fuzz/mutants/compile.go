package mutants

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// checker checks types of packages of a module.
type checker struct {
	root    string
	exports map[string]string // by import path: the file with what it exports
	files   map[string][]string
}

// newChecker asks the go command, in the module at root, for what packages
// import.
func newChecker(root string, dirs []string) (*checker, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	c := &checker{root: root, exports: map[string]string{}, files: map[string][]string{}}
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}\t{{.Dir}}\t{{join .GoFiles \" \"}}"}
	for _, d := range dirs {
		args = append(args, "./"+d)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", root, err, stderr.Bytes())
	}
	for line := range strings.Lines(string(out)) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c.exports[part[0]] = part[1]
		c.files[part[2]] = strings.Fields(part[3])
	}
	return c, nil
}

// check checks the package in dir, a path from the root, with texts in place of
// files, and calls fail for each error.
func (c *checker) check(dir string, texts map[string]string, fail func(pos token.Position, f *ast.File, err error)) error {
	fset := token.NewFileSet()
	at := filepath.Join(c.root, filepath.FromSlash(dir))
	names := c.files[at]
	if len(names) == 0 {
		return fmt.Errorf("check %s: the go command knows no package there", at)
	}
	if _, ok := texts[path.Join(dir, chooser)]; ok {
		names = append(names[:len(names):len(names)], chooser)
	}
	var files []*ast.File
	for _, n := range names {
		var src any
		if text, ok := texts[path.Join(dir, n)]; ok {
			src = text
		}
		f, err := parser.ParseFile(fset, filepath.Join(at, n), src, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	cfg := types.Config{
		Importer: importer.ForCompiler(fset, "gc", c.open),
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) {
				fail(fset.Position(e.Pos), fileAt(files, e.Pos), err)
			}
		},
	}
	_, _ = cfg.Check("cohbench/"+dir, fset, files, nil) // its error is the first that fail was told of
	return nil
}

func (c *checker) open(importPath string) (io.ReadCloser, error) {
	return os.Open(c.exports[importPath])
}

func fileAt(files []*ast.File, pos token.Pos) *ast.File {
	for _, f := range files {
		if f.FileStart <= pos && pos <= f.FileEnd {
			return f
		}
	}
	return nil
}

// Broken finds which of the mutants that were planted in the module at root do
// not compile, by their places in the list.
func (p *Planted) Broken(root string, list []Mutant) (map[int]bool, error) {
	dirs := dirsOf(list)
	c, err := newChecker(root, dirs)
	if err != nil {
		return nil, err
	}
	found, stray := map[int]bool{}, error(nil)
	for _, dir := range dirs {
		err := c.check(dir, p.texts, func(pos token.Position, f *ast.File, err error) {
			if i, ok := copyAt(f, pos.Offset); ok {
				found[i] = true
			} else {
				stray = errors.Join(stray, err)
			}
		})
		if err := errors.Join(err, stray); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// dirsOf lists the packages that have mutants.
func dirsOf(list []Mutant) (dirs []string) {
	for _, name := range filesOf(list) {
		if d := path.Dir(name); !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// copyAt is the mutant whose copy of a function is at an offset.
func copyAt(f *ast.File, offset int) (int, bool) {
	if f == nil {
		return 0, false
	}
	pos := f.FileStart + token.Pos(offset)
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || pos < fn.Pos() || fn.End() < pos {
			continue
		}
		_, id, _ := strings.Cut(fn.Name.Name, "__")
		n, err := strconv.Atoi(id)
		return n - 1, err == nil
	}
	return 0, false
}
