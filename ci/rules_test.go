// Package ci checks the rules that the code of this repository keeps. Each
// rule is shown, on a small example, to be able to fail.
package ci

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// A rule finds what breaks it.
type rule struct {
	name  string
	check func(t tree) []string
	// each file of bad breaks the rule by itself, all of together as one tree;
	// good does not.
	bad, together, good map[string]string
}

var rules = []rule{
	importsRule, unsafeRule, syncRule, goroutineRule, clockRule, randRule, stdoutRule, initRule,
	flagRule, docRule, coreDocRule, nameRule, gonumRule, fuseRule, cgoRule, ioctlRule, formatRule,
}

func TestRules(t *testing.T) {
	tree, err := load("..")
	if err != nil {
		t.Fatal(err)
	}
	if len(tree) < 10 {
		t.Fatalf("%d Go files found: the walk does not see the repository", len(tree))
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, finding := range r.check(tree) {
				t.Error(finding)
			}
		})
	}
}

// TestRulesCanFail runs each rule on its examples.
func TestRulesCanFail(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for name, text := range r.bad {
				if len(findings(t, r, map[string]string{name: text})) == 0 {
					t.Errorf("nothing is found in %s:\n%s", name, text)
				}
			}
			if r.together != nil && len(findings(t, r, r.together)) == 0 {
				t.Errorf("nothing is found in %v", r.together)
			}
			if len(r.bad)+len(r.together) == 0 || len(r.good) == 0 {
				t.Error("the rule has no examples")
			}
			for _, finding := range findings(t, r, r.good) {
				t.Errorf("found where nothing is wrong: %s", finding)
			}
		})
	}
}

func findings(t *testing.T, r rule, files map[string]string) []string {
	t.Helper()
	tree, err := parse(files)
	if err != nil {
		t.Fatal(err)
	}
	return r.check(tree)
}

// layers says what each package may import of this module, itself left out. A
// name ending in "/..." stands for everything below as well. The order is that
// of the layers, the highest first, and the first name that matches counts.
var layers = []struct {
	name string
	may  []string
}{
	{"cmd/...", []string{"cmd/...", "fuzz/...", "bench/...", "plots", "workloads/...", "core/..."}},
	{"ci", nil},
	{"plots", []string{"bench/result", "bench/compare", "bench/quantity"}},
	{"fuzz/...", []string{"fuzz/...", "workloads/...", "core/..."}},
	{"bench/result/libfuzzer", []string{"bench/result"}},
	{"bench/result/resulttest", []string{"bench/result"}},
	{"bench/result", nil},
	{"bench/compare", []string{"bench/result", "bench/quantity"}},
	{"bench/campaigns", nil},
	{"bench/report", []string{"bench/result", "bench/compare", "bench/quantity"}},
	{"bench/quantity", nil},
	{"bench/fio/versus", []string{"bench/fio", "core", "core/disk", "core/sched"}},
	{"bench/fio", []string{"bench", "bench/compare", "bench/quantity", "workloads", "core", "core/disk", "core/kernelfs"}},
	{"bench/monitor", []string{"bench/result"}},
	{"bench", []string{"bench/result", "bench/compare", "bench/quantity", "workloads/...", "core/..."}},
	{"workloads/oracle", nil},
	{"workloads", []string{"workloads/oracle", "core/..."}},
	{"core/kernelfs", []string{"core", "core/sched", "core/disk", "core/uring"}},
	{"core/coherence", []string{"core", "core/sched", "core/mmu", "core/disk"}},
	{"core/locktest", []string{"core", "core/sched"}},
	{"core", []string{"core/sched", "core/mmu", "core/disk"}},
	{"core/perf", nil},
	{"core/fusemem", []string{"core/mmu"}},
	{"core/mmu", []string{"core/sched"}},
	{"core/uring", []string{"core/disk"}},
	{"core/disk", []string{"core/sched"}},
	{"core/sched", nil},
}

func matches(name, pattern string) bool {
	if parent, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(name, parent)
	}
	return name == pattern
}

var importsRule = rule{
	name: "imports go one way",
	check: func(t tree) (found []string) {
		for _, s := range t.code() {
			may, ok := mayImport(s.dir())
			if !ok {
				found = append(found, s.at(s.ast.Package, "package %s has no place in the layers", s.dir()))
			}
			for p, pos := range s.imports() {
				p, inside := strings.CutPrefix(p, modulePath+"/")
				allowed := slices.ContainsFunc(may, func(m string) bool { return matches(p, m) })
				if inside && ok && !allowed {
					found = append(found, s.at(pos, "%s must not import %s", s.dir(), p))
				}
			}
		}
		return found
	},
	bad: map[string]string{
		"core/sched/a.go":  `package sched; import _ "cohbench/core"`,
		"core/a.go":        `package core; import _ "cohbench/core/coherence"`,
		"fuzz/prog/a.go":   `package prog; import _ "cohbench/bench/result"`,
		"bench/a.go":       `package bench; import _ "cohbench/fuzz"`,
		"plots/a.go":       `package plots; import _ "cohbench/bench"`,
		"bench/other/a.go": `package other`,
	},
	good: map[string]string{
		"core/a.go":            `package core; import _ "cohbench/core/sched"`,
		"core/a_test.go":       `package core; import _ "cohbench/core/coherence"`,
		"fuzz/a.go":            `package fuzz; import ("os"; _ "cohbench/workloads/oracle"; _ "golang.org/x/sys/unix")`,
		"cmd/cohbench/main.go": `package main; import _ "cohbench/plots"`,
	},
}

// mayImport is the entry of layers for a package.
func mayImport(dir string) ([]string, bool) {
	for _, l := range layers {
		if matches(dir, l.name) {
			return l.may, true
		}
	}
	return nil, false
}

// forbid finds imports of one of the paths.
func forbid(t tree, why string, paths ...string) (found []string) {
	for _, s := range t {
		for p, pos := range s.imports() {
			if slices.ContainsFunc(paths, func(f string) bool { return matches(p, f) }) {
				found = append(found, s.at(pos, "%s must not import %s: %s", s.dir(), p, why))
			}
		}
	}
	return found
}

// outside is the sources that lie in none of the folders.
func (t tree) outside(dirs ...string) tree {
	return slices.DeleteFunc(slices.Clone(t), func(s *source) bool { return slices.Contains(dirs, s.dir()) })
}

var unsafeRule = rule{
	name: "unsafe and raw system calls have their packages",
	check: func(t tree) []string {
		return forbid(t.code().outside("core/disk", "core/mmu", "core/fusemem", "core/kernelfs", "core/uring", "core/perf").outsideTargets(),
			"core/disk, core/mmu, core/fusemem, core/kernelfs and core/uring are for that", "unsafe", "golang.org/x/sys/unix")
	},
	bad: map[string]string{
		"core/a.go":  `package core; import "unsafe"`,
		"bench/a.go": `package bench; import "golang.org/x/sys/unix"`,
	},
	good: map[string]string{
		"core/disk/a.go":  `package disk; import ("unsafe"; "golang.org/x/sys/unix")`,
		"bench/a_test.go": `package bench; import "golang.org/x/sys/unix"`,
	},
}

// suite is tests in a package of their own, for locks that come from elsewhere.
const suite = "core/locktest"

var syncRule = rule{
	name: "in core only sched uses sync",
	check: func(t tree) []string {
		return forbid(t.in("core").code().outside("core/sched", suite), "a scheduler must see every wait", "sync")
	},
	bad:  map[string]string{"core/disk/a.go": `package disk; import "sync"`},
	good: map[string]string{"core/a.go": `package core; import "sync/atomic"`, "core/sched/a.go": `package sched; import "sync"`},
}

var goroutineRule = rule{
	name: "in core only sched and what answers faults start goroutines",
	check: func(t tree) (found []string) {
		for _, s := range t.in("core").code().outside("core/sched", "core/mmu", "core/fusemem", suite) {
			ast.Inspect(s.ast, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok {
					found = append(found, s.at(g.Pos(), "a goroutine that no scheduler knows"))
				}
				return true
			})
		}
		return found
	},
	bad: map[string]string{"core/a.go": `package core; func f() { go f() }`},
	good: map[string]string{
		"core/sched/a.go": `package sched; func f() { go f() }`,
		"core/a_test.go":  `package core; func f() { go f() }`,
	},
}

// exact is the code whose behaviour a seed decides.
func (t tree) exact() tree { return t.in("core", "workloads/oracle", "fuzz").code() }

// forbidUse finds uses of names of a package for which bad is true.
func forbidUse(t tree, importPath string, bad func(name string) bool, why string) (found []string) {
	for _, s := range t {
		s.uses(s.ast, importPath, func(name string, pos token.Pos) {
			if bad(name) {
				found = append(found, s.at(pos, "%s.%s: %s", path.Base(importPath), name, why))
			}
		})
	}
	return found
}

// oneOf is a test for names.
func oneOf(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

var clockRule = rule{
	name: "no clock",
	check: func(t tree) []string {
		clock := oneOf("Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker")
		return forbidUse(t.exact().outside("core/sched", suite), "time", clock, "core/sched has the clock")
	},
	bad: map[string]string{
		"core/a.go":             `package core; import "time"; var x = time.Now()`,
		"fuzz/prog/a.go":        `package prog; import clock "time"; func f() { clock.Sleep(1) }`,
		"workloads/oracle/a.go": `package oracle; import "time"; func f() any { return time.Now }`,
	},
	good: map[string]string{
		"core/a.go":       `package core; import "time"; const x = time.Second`,
		"core/sched/a.go": `package sched; import "time"; var x = time.Now()`,
		"workloads/a.go":  `package workloads; import "time"; var x = time.Now()`,
	},
}

var randRule = rule{
	name: "no global randomness",
	check: func(t tree) (found []string) {
		global := func(name string) bool { return ast.IsExported(name) && !randNames(name) }
		for _, p := range []string{"math/rand", "math/rand/v2"} {
			found = append(found, forbidUse(t.exact(), p, global, "take a *rand.Rand")...)
		}
		return append(found, forbid(t.exact(), "a seed must decide", "crypto/rand", "hash/maphash")...)
	},
	bad: map[string]string{
		"core/a.go":      `package core; import "math/rand/v2"; var x = rand.IntN(3)`,
		"fuzz/prog/a.go": `package prog; import r "math/rand"; var x = r.Perm(3)`,
		"fuzz/a.go":      `package fuzz; import "crypto/rand"`,
	},
	good: map[string]string{
		"core/a.go":  `package core; import "math/rand/v2"; func f(r *rand.Rand) { g(rand.New(rand.NewPCG(1, 2))) }`,
		"bench/a.go": `package bench; import "math/rand/v2"; var x = rand.IntN(3)`,
	},
}

// randNames is what makes a generator of one's own.
func randNames(name string) bool {
	return strings.HasPrefix(name, "New") ||
		oneOf("Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf")(name)
}

var stdoutRule = rule{
	name: "libraries do not print",
	check: func(t tree) []string {
		found := forbidUse(t.exact(), "os", oneOf("Stdout"), "take an io.Writer")
		return append(found, forbidUse(t.exact(), "fmt", oneOf("Print", "Printf", "Println"), "take an io.Writer")...)
	},
	bad: map[string]string{
		"core/a.go": `package core; import "os"; var x = os.Stdout`,
		"fuzz/a.go": `package fuzz; import "fmt"; func f() { fmt.Println() }`,
	},
	good: map[string]string{
		"core/a.go":          `package core; import "fmt"; var x = fmt.Sprint()`,
		"cmd/cohbench/a.go":  `package main; import "os"; var x = os.Stdout`,
		"core/a_test.go":     `package core; import "os"; var x = os.Stdout`,
		"bench/report/ab.go": `package report; import "fmt"; func f() { fmt.Println() }`,
	},
}

var initRule = rule{
	name: "no init functions",
	check: func(t tree) (found []string) {
		for _, s := range t.code() {
			for _, d := range s.ast.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					found = append(found, s.at(f.Pos(), "func init: make a list or a Config"))
				}
			}
		}
		return found
	},
	bad:  map[string]string{"plots/a.go": `package plots; func init() {}`},
	good: map[string]string{"plots/a.go": `package plots; type t int; func (t) init() {}`},
}

var flagRule = rule{
	name: "no package-level flags",
	check: func(t tree) (found []string) {
		for _, s := range t.code() {
			for _, d := range s.ast.Decls {
				v, ok := d.(*ast.GenDecl)
				if !ok || v.Tok != token.VAR {
					continue
				}
				for _, p := range []string{"flag", "github.com/spf13/pflag"} {
					s.uses(v, p, func(name string, pos token.Pos) {
						found = append(found, s.at(pos, "a package-level flag"))
					})
				}
			}
		}
		return found
	},
	bad: map[string]string{
		"cmd/x/a.go": `package main; import "flag"; var v = flag.Bool("v", false, "")`,
		"bench/a.go": `package bench; import "github.com/spf13/pflag"; var v = pflag.Int("v", 1, "")`,
	},
	good: map[string]string{
		"cmd/x/a.go":      `package main; import "flag"; func f() { flag.Bool("v", false, "") }`,
		"plots/a_test.go": `package plots; import "flag"; var update = flag.Bool("update", false, "")`,
	},
}

var docRule = rule{
	name: "every package has a comment",
	check: func(t tree) (found []string) {
		for dir, p := range t.packages() {
			if p.doc() == "" {
				found = append(found, "package "+dir+" has no package comment")
			}
		}
		return found
	},
	bad:  map[string]string{"core/a.go": "package core"},
	good: map[string]string{"core/a.go": "package core", "core/doc.go": "// Package core is.\npackage core"},
}

var coreDocRule = rule{
	name: "core states its invariant and its lock order",
	check: func(t tree) (found []string) {
		doc := strings.ToLower(t.packages()["core"].code().doc())
		for _, want := range []string{"invariant", "lock order"} {
			if !strings.Contains(doc, want) {
				found = append(found, "the comment of package core has no word about its "+want)
			}
		}
		return found
	},
	bad:  map[string]string{"core/a.go": "// Package core is. Its invariant.\npackage core"},
	good: map[string]string{"core/a.go": "// Package core is. Invariant. Lock order:\n//\n//\ta\npackage core"},
}

var nameRule = rule{
	name: "packages are named for what they hold",
	check: func(t tree) (found []string) {
		vague := oneOf("util", "utils", "common", "helper", "helpers", "misc", "types")
		for _, s := range t {
			if vague(s.ast.Name.Name) || slices.ContainsFunc(strings.Split(s.dir(), "/"), vague) {
				found = append(found, s.at(s.ast.Package, "the name says nothing"))
			}
		}
		return found
	},
	bad: map[string]string{
		"core/util/a.go":   `package util`,
		"core/a.go":        `package helpers`,
		"common/core/a.go": `package core`,
	},
	good: map[string]string{"core/disk/a.go": `package disk`},
}

var gonumRule = rule{
	name: "only plots draws",
	check: func(t tree) []string {
		return forbid(t.outside("plots"), "plots are rebuilt from files", "gonum.org/v1/...")
	},
	bad:  map[string]string{"bench/report/a.go": `package report; import "gonum.org/v1/plot"`},
	good: map[string]string{"plots/a.go": `package plots; import "gonum.org/v1/plot/vg"`},
}

var fuseRule = rule{
	name: "only fusemem speaks FUSE",
	check: func(t tree) []string {
		return forbid(t.outside("core/fusemem"), "models need no file system in user space", "github.com/hanwen/go-fuse/v2/...")
	},
	bad:  map[string]string{"core/a.go": `package core; import _ "github.com/hanwen/go-fuse/v2/fuse"`},
	good: map[string]string{"core/fusemem/a.go": `package fusemem; import _ "github.com/hanwen/go-fuse/v2/fuse"`},
}

// outsideTargets is the sources that are no target for libFuzzer.
func (t tree) outsideTargets() tree {
	return slices.DeleteFunc(slices.Clone(t), func(s *source) bool {
		return within(s.dir(), "fuzz/libfuzzer") || s.dir() == "bench/result/libfuzzer"
	})
}

var cgoRule = rule{
	name: "no cgo",
	check: func(t tree) []string {
		return forbid(t.outsideTargets(), "the build needs no C compiler", "C", "runtime/cgo")
	},
	bad:  map[string]string{"core/mmu/a.go": `package mmu; import "C"`},
	good: map[string]string{"fuzz/libfuzzer/locks/a.go": `package main; import "C"`},
}

var ioctlRule = rule{
	name: "the ioctls of a device are in one file",
	check: func(t tree) (found []string) {
		for dir, p := range t.code().packages() {
			files := map[string]bool{}
			for _, s := range p {
				s.uses(s.ast, "golang.org/x/sys/unix", func(name string, _ token.Pos) {
					if strings.HasPrefix(name, "Ioctl") || name == "SYS_IOCTL" {
						files[s.name] = true
					}
				})
			}
			if len(files) > 1 {
				found = append(found, "package "+dir+" has ioctls in more than one file")
			}
		}
		return found
	},
	together: map[string]string{
		"core/mmu/a.go": `package mmu; import "golang.org/x/sys/unix"; func f() { unix.Syscall(unix.SYS_IOCTL, 1, 2, 3) }`,
		"core/mmu/b.go": `package mmu; import "golang.org/x/sys/unix"; func g() { unix.IoctlGetInt(1, 2) }`,
	},
	good: map[string]string{
		"core/mmu/a.go":  `package mmu; import "golang.org/x/sys/unix"; func f() { unix.Syscall(unix.SYS_IOCTL, 1, 2, 3) }`,
		"core/disk/b.go": `package disk; import "golang.org/x/sys/unix"; func g() { unix.IoctlGetInt(1, 2) }`,
	},
}

var formatRule = rule{
	name: "gofmt",
	check: func(t tree) (found []string) {
		for _, s := range t {
			if text, err := format.Source(s.text); err != nil || !bytes.Equal(text, s.text) {
				found = append(found, s.name+" is not as gofmt has it")
			}
		}
		return found
	},
	bad:  map[string]string{"core/a.go": "package core\nvar  x = 1\n"},
	good: map[string]string{"core/a.go": "package core\n\nvar x = 1\n"},
}
