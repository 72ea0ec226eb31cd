package mutants

import (
	"fmt"
	"go/ast"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mechanism is the files that mechanical mutants are made of.
var mechanism = []string{
	"core/lock.go", "core/fault.go", "core/direct.go", "core/pin.go", "core/pinning.go", "core/invalidate.go", "core/filemap.go",
	"core/writeback.go", "core/buffered.go", "core/truncate.go", "core/page.go",
	"core/coherence/*.go",
}

// beside is files of the folders above that lock nothing: a list, and a wrapper
// that records what locks do, which no policy of the lists has.
var beside = []string{"all.go", "lock_trace.go"}

// Mechanical is the mutants that are made without a thought, from the files of
// the mechanism in the module at root: each condition negated, and each call
// that locks, unlocks, waits, wakes or invalidates deleted, as if it had
// succeeded. dir is for scratch files. Those that do not compile are left out.
func Mechanical(root, dir string) ([]Mutant, error) {
	var list []Mutant
	for _, pattern := range mechanism {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("no files %s in %s (%v)", pattern, root, err)
		}
		for _, name := range found {
			base := filepath.Base(name)
			if strings.HasSuffix(base, "_test.go") || slices.Contains(beside, base) {
				continue
			}
			f, err := parse(root, path.Join(path.Dir(pattern), base))
			if err != nil {
				return nil, err
			}
			list = append(list, f.mechanical()...)
		}
	}
	return compiling(root, dir, list)
}

// compiling leaves out what does not compile.
func compiling(root, dir string, list []Mutant) (good []Mutant, err error) {
	p, err := Plant(root, dir, list)
	if err != nil {
		return nil, err
	}
	broken, err := p.Broken(root, list)
	for i := range list {
		if !broken[i] {
			good = append(good, list[i])
		}
	}
	return good, err
}

// mechanical makes the mutants of a file.
func (f *file) mechanical() (list []Mutant) {
	f.functions(func(name string, d *ast.FuncDecl) {
		w := &mutator{file: f, name: name, results: d.Type.Results}
		ast.Inspect(d.Body, w.visit)
		list = append(list, w.list...)
	})
	return list
}

// mutator makes the mutants of a function.
type mutator struct {
	*file
	name    string
	results *ast.FieldList
	list    []Mutant
}

// edit adds a mutant that replaces a node.
func (w *mutator) edit(n ast.Node, what, text string) {
	pos := w.fset.Position(n.Pos())
	name := strings.TrimPrefix(strings.TrimSuffix(w.file.name, ".go"), "core/")
	old := w.source(n)
	w.list = append(w.list, Mutant{
		Name: fmt.Sprintf("%s:%d:%d:%s", name, pos.Line, pos.Column, what), Bug: fmt.Sprintf("%s: %s", what, strings.Join(strings.Fields(old), " ")),
		File: w.file.name, Func: w.name, Old: old, New: text, start: w.at(n.Pos()), end: w.at(n.End()),
	})
}

func (w *mutator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		w.condition(n.Cond)
	case *ast.ForStmt:
		w.condition(n.Cond)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, c := range n.Body.List {
				for _, cond := range c.(*ast.CaseClause).List {
					w.condition(cond)
				}
			}
		}
	case *ast.ExprStmt:
		w.statement(n, n.X)
	case *ast.DeferStmt:
		w.statement(n, n.Call)
	case *ast.AssignStmt:
		if len(n.Rhs) == 1 {
			w.call(n.Rhs[0], success(n.Lhs))
		}
	case *ast.ReturnStmt:
		if len(n.Results) == 1 && w.results != nil {
			w.call(n.Results[0], returned(w.results))
		}
	}
	return true
}

// condition negates a condition, and has the locks tried in it succeed.
func (w *mutator) condition(cond ast.Expr) {
	if cond == nil {
		return
	}
	w.edit(cond, "negated", "!("+w.source(cond)+")")
	ast.Inspect(cond, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			w.call(e, "true")
		}
		return true
	})
}

func (w *mutator) statement(n ast.Node, call ast.Expr) {
	if isLocking(call) {
		w.edit(n, "deleted", "")
	}
}

func (w *mutator) call(e ast.Expr, instead string) {
	if isLocking(e) && instead != "" {
		w.edit(e, "deleted", instead)
	}
}

// locking is the names of what locks, unlocks, waits, wakes or invalidates.
// What counts as looking for a page or a lock's name does not.
var locking = regexp.MustCompile(`^(try)?(lock|unlock|add|unadd|block|unblock|begin|end|release|finish|prepare|sleep|wake|wait|drain|drop|hold|` +
	`invalidate|shootdown|remove|removing|zap|protect|evict|writeback|put|unref|unpin|count|set|clear|zero|cycle)`)

func isLocking(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	name := ""
	switch fn := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = fn.Sel.Name
	case *ast.Ident:
		name = fn.Name
	}
	return locking.MatchString(strings.ToLower(name))
}

// success is the results of a call that did nothing and says that it did, by
// the names of what they are assigned to; "" if they are more than that.
func success(to []ast.Expr) string {
	var values []string
	for _, e := range to {
		switch name, _ := e.(*ast.Ident); {
		case name == nil:
			return ""
		case strings.HasSuffix(name.Name, "err"):
			values = append(values, "error(nil)")
		case name.Name == "ok", name.Name == "_":
			values = append(values, "true")
		case name.Name == "busy":
			values = append(values, "false")
		default:
			return ""
		}
	}
	return strings.Join(values, ", ")
}

// returned is success for the results of a function.
func returned(results *ast.FieldList) string {
	var values []string
	for _, f := range results.List {
		switch t, _ := f.Type.(*ast.Ident); {
		case t == nil:
			return ""
		case t.Name == "error":
			values = append(values, "nil")
		case t.Name == "bool":
			values = append(values, "true")
		default:
			return ""
		}
	}
	return strings.Join(values, ", ")
}
