package prog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// canonical is programs in canonical form, which together use every feature.
func canonical(t testing.TB) map[string]string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.coh")
	if err != nil || len(names) == 0 {
		t.Fatalf("no test programs: %v", err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

func TestCanonical(t *testing.T) {
	for name, text := range canonical(t) {
		p, err := Parse(name, []byte(text))
		if err != nil {
			t.Error(err)
		} else if got := p.String(); got != text {
			t.Errorf("%s comes back as\n%s", name, got)
		}
	}
}

// TestFreeForm reads what people may write, and prints it in one way.
func TestFreeForm(t *testing.T) {
	const text = "\n\n#a\n#  b\n\nfile A 0x2 pages dirty 1 holes 0\n" +
		"options max-pin 2,pins-busy # why\ntask w:\n\n\tdwrite A[1:2]; r = load A[1]+0\n # above\n sync A # beside\n" +
		"task s with w: evict A\nfind (lost or (stale)) and not (r==init)\n" +
		"expect never a*,b;always c\nschedule w +3 s\n# end"
	const want = "# a\n#  b\nfile A 2 pages holes 0 dirty 1\noptions pins-busy, max-pin 2  # why\n" +
		"task w:\n    dwrite A[1]\n    r = load A[1]\n    # above\n    sync A  # beside\ntask s with w: evict A\n" +
		"find (lost or stale) and not r == init\nexpect never a*, b\nexpect always c\nschedule w +3 s\n# end\n"
	p, err := Parse("x/test.coh", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if p.Name != "test" {
		t.Errorf("name %q", p.Name)
	}
}

// TestErrors: each mistake is found where it stands.
func TestErrors(t *testing.T) {
	const head = "file A 2 pages\ntask w: dwrite A[0]; r0 = load A[0]\n"
	for _, c := range []struct{ text, want string }{
		{"", `t.coh:2:1: the program has no file (see 'cohbench help coh')`},
		{"file A 1 page", `t.coh:2:1: the program has no task (see 'cohbench help coh')`},
		{"fiel A 1 page", `t.coh:1:1: unknown statement "fiel" (did you mean "file"?)`},
		{"file A 2 apples", `t.coh:1:10: want "pages" or "bytes", not "apples"`},
		{"file A 2", `t.coh:1:9: want "pages" or "bytes", not the end of the line`},
		{"file A 9 bytes", `t.coh:1:8: 9 bytes are no whole cells (cells are 8 bytes)`},
		{"file A 99999 pages", `t.coh:1:8: 99999 pages are too many (at most 1024)`},
		{"file from 1 page", `t.coh:1:6: "from" is no name for a file (the word has a meaning of its own)`},
		{"file lost 1 page", `t.coh:1:6: "lost" is no name for a file (the word is a violation)`},
		{"file A 2 pages dirty 2", `t.coh:1:22: A has 2 pages, counted from 0`},
		{"file A 2 pages dirty 1:1", `t.coh:1:22: the range 1:1 is empty (the end is the first page that does not belong to it)`},
		{"file A 2 pages dirty 1 resident 0:2", `t.coh:1:36: page 1 of A is both resident and dirty ("resident" means cached and clean)`},
		{"file A 2 pages wet 1", `t.coh:1:16: unknown word about a file "wet" (there are: holes, resident, dirty, on)`},
		{"file A 2 pages\nfile A 1 page", `t.coh:2:6: a second file "A"`},
		{"  dwrite A[0]", `t.coh:1:3: an indented line that belongs to no task (operations of a task stand below its line)`},
		{head + "task s: dwrit A[0]", `t.coh:3:9: unknown operation "dwrit" (did you mean "dwrite"?)`},
		{head + "task s: dwrite B[0]", `t.coh:3:16: unknown file "B" (there are: A)`},
		{head + "task s: dwrite A", `t.coh:3:17: want "[", not the end of the line (such as A[0])`},
		{head + "task s: dwrite A[0]+8:8", `t.coh:3:9: dwrite goes by sectors of 512 bytes: 8 does not`},
		{head + "task s: write A[0]+9:8", `t.coh:3:9: write goes by cells of 8 bytes: 9 does not`},
		{head + "task s: write A[0]+8", `t.coh:3:21: want ":", not the end of the line (such as A[0]+512:64, 64 bytes from byte 512 on)`},
		{head + "task s: write A[0:2]+8:8", `t.coh:3:16: a place inside several pages (name the page in which it begins)`},
		{head + "task s: r1 = store A[0]", `t.coh:3:14: store returns no data for register r1`},
		{head + "task s: r0 = load A[0]", `t.coh:3:9: register r0 is set twice (every register is set by one operation)`},
		{head + "task s: sync A B", `t.coh:3:16: unexpected "B" after the end of the statement`},
		{head + "task s: reflink A[0]", `t.coh:3:21: want "from", not the end of the line (such as: reflink B[0] from A[0])`},
		{head + "task s sync A", `t.coh:3:8: want ":", not "sync" (operations follow after a colon)`},
		{head + "task s with z: sync A", `t.coh:3:13: unknown task "z" (there are: w)`},
		{head + "task s: store A[0] @", `t.coh:3:20: unexpected character '@'`},
		{head + "find los", `t.coh:3:6: unknown value "los" (did you mean "lost"?)`},
		{head + "find lost and", `t.coh:3:14: the line ends where a value should stand`},
		{head + "find (lost", `t.coh:3:11: want ")", not the end of the line`},
		{head + "find init == zero", `t.coh:3:6: nothing is observed here (compare it with a register, or with what a file holds at the end, such as A[0]+8)`},
		{head + "find r0 = init", `t.coh:3:9: want == or !=, not "="`},
		{head + "find r0 == w.3", `t.coh:3:14: task w has 2 operations (counted from 1)`},
		{head + "find r0 == w.2", `t.coh:3:14: operation 2 of w, load, writes nothing`},
		{head + "find " + strings.Repeat("not ", 20) + "lost", `t.coh:3:70: a condition nested more than 16 deep`},
		{head + "expect nevr addlock", `t.coh:3:8: unknown verdict "nevr" (did you mean "never"?)`},
		{head + "expect never", `t.coh:3:13: want an engine, not the end of the line (an engine, or a pattern such as addlock*)`},
		{head + "options pin-busy", `t.coh:3:9: unknown option "pin-busy" (did you mean "pins-busy"?)`},
		{head + "options max-pin 0x101", `t.coh:3:17: 257 pages are too many (at most 256)`},
		{head + "schedule w 5 w", `t.coh:3:12: want "+" and a number of steps, not "5" (such as +5 w: after five steps, w)`},
		{head + "schedule x", `t.coh:3:10: unknown task "x" (there are: w)`},
		{head + "trace 12", `t.coh:3:7: want 16 hexadecimal digits, not "12" (as cohbench printed it)`},
		{head + "engine add*", `t.coh:3:8: want the name of an engine, not "add*"`},
		{head + "engine a\nengine b", `t.coh:4:1: a second "engine"`},
	} {
		_, err := Parse("t.coh", []byte(c.text))
		var e *Error
		if !errors.As(err, &e) || e.Error() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestExpected(t *testing.T) {
	p := &Program{Expect: []Expect{
		{Verdict: Never, Engines: []string{"addlock*", "none"}},
		{Verdict: Deadlocks, Engines: []string{"addlock-nofdm"}},
		{Verdict: Always, Engines: []string{"*"}},
	}}
	for engine, want := range map[string]Verdict{"addlock": Never, "addlock-vfs": Never, "addlock-nofdm": Deadlocks, "raw": Always} {
		if got, ok := p.Expected(engine); got != want || !ok {
			t.Errorf("%s: %v, want %v", engine, got, want)
		}
	}
	if _, ok := (&Program{}).Expected("addlock"); ok {
		t.Error("a verdict is expected of whom nobody named")
	}
}

// TestUnknownEngine: where the engines are known, nothing is expected of
// another one.
func TestUnknownEngine(t *testing.T) {
	known := []string{"addlock", "addlock-nofdm", "none"}
	const head = "file A 1 page\ntask w: sync A\n"
	for text, want := range map[string]string{
		"expect never addlock*, none; always *":   "",
		"expect never none, adlock":               `t.coh:3:20: unknown engine "adlock" (did you mean "addlock"?)`,
		"expect always none; never addlock-nofmd": `t.coh:3:27: unknown engine "addlock-nofmd" (did you mean "addlock-nofdm"?)`,
		"expect never nobody-*":                   `t.coh:3:14: unknown engine "nobody-*" (there are: addlock, addlock-nofdm, none)`,
	} {
		_, err := ParseFor("t.coh", []byte(head+text), known)
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && got != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
		if _, err := Parse("t.coh", []byte(head+text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzParse: no text makes the parser panic, and what it accepts comes back.
func FuzzParse(f *testing.F) {
	for _, text := range canonical(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("f.coh", []byte(text))
		if err != nil {
			return
		}
		printed := p.String()
		again, err := Parse("f.coh", []byte(printed))
		if err != nil {
			t.Fatalf("%v\nof\n%s", err, printed)
		}
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("%#v\ncomes back as\n%#v\nfrom\n%s", p, again, printed)
		}
	})
}
