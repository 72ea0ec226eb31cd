package plots

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"cohbench/bench/result"
	"cohbench/bench/result/resulttest"
)

func TestAll(t *testing.T) {
	run, err := result.Open(resulttest.Write(t, 1, 6, []int{1, 8}))
	if err != nil {
		t.Fatal(err)
	}
	figures, missing := All(run)
	if len(missing) != 0 {
		t.Errorf("missing: %v", missing)
	}
	if err := Write(run.Dir, figures); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tradeoff", "throughput", "staleness", "scaling", "latency", "percentiles", "overview"} {
		svg, err := os.ReadFile(filepath.Join(run.Dir, "plots", name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		checkSVG(t, name, svg)
		f, err := os.Open(filepath.Join(run.Dir, "plots", name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if img, err := png.Decode(f); err != nil || img.Bounds().Dx() != 1440 {
			t.Errorf("%s.png: %v, %v wide", name, err, img.Bounds().Dx())
		}
		pdf, err := os.ReadFile(filepath.Join(run.Dir, "plots", name+".pdf"))
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("%%EOF")) {
			t.Errorf("%s.pdf: %v, %d bytes", name, err, len(pdf))
		}
	}
}

// checkSVG reads a picture as XML: every engine and workload is written in it,
// in a font that has a substitute, and all within its bounds.
func checkSVG(t *testing.T, name string, svg []byte) {
	t.Helper()
	var text strings.Builder
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s.svg: %v", name, err)
		}
		if c, ok := token.(xml.CharData); ok {
			text.Write(c)
			text.WriteByte('\n')
		}
	}
	for _, want := range append([]string{"direct-write+store"}, known[1:]...) {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s.svg does not name %s", name, want)
		}
	}
	if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
		t.Errorf("%s.svg has coordinates that are no numbers", name)
	}
	if n, m := bytes.Count(svg, []byte("Liberation Sans")), bytes.Count(svg, []byte("'Liberation Sans',Arial,Helvetica,sans-serif")); n == 0 || n != m {
		t.Errorf("%s.svg: %d fonts, %d with substitutes", name, n, m)
	}
}

// The same results give the same picture, byte for byte.
func TestSVGIsDeterministic(t *testing.T) {
	a, _ := All(made(2, 1, 8))
	b, _ := All(made(2, 1, 8))
	for i := range a {
		x, err := a[i].SVG()
		if err != nil {
			t.Fatal(err)
		}
		if y, _ := b[i].SVG(); !bytes.Equal(x, y) {
			t.Errorf("%s differs", a[i].Name)
		}
	}
}

func TestWhatCannotBeDrawnIsSaid(t *testing.T) {
	figures, missing := All(&result.Run{})
	if len(figures) != 0 || len(missing) != 4 {
		t.Errorf("of nothing %d figures are drawn, and %q is missing", len(figures), missing)
	}
	run := made(6, 8)
	run.Records = run.Records[:8] // direct-write alone, once
	figures, missing = All(run)
	if len(figures) != 2 || figures[0].Name != "overview" || figures[1].Name != "throughput" || len(missing) != 3 {
		t.Errorf("of one workload on one number of threads: %d figures, missing %q", len(figures), missing)
	}
	run = made(1, 8)
	for i := range run.Records {
		run.Records[i].Hist = map[string]string{"direct-write": "gone.hlog"}
	}
	run.Dir = t.TempDir()
	if _, missing = All(run); len(missing) != 1 || !strings.Contains(missing[0], "gone.hlog") {
		t.Errorf("histograms that are gone: missing %q", missing)
	}
}

// Odd runs are drawn as well.
func TestOddRuns(t *testing.T) {
	for name, change := range map[string]func(*result.Record){
		"all failed":       func(r *result.Record) { r.Status, r.Rate, r.Threads = result.StatusError, nil, 1+r.Rep%2 },
		"all failed once":  func(r *result.Record) { r.Status, r.Rate = result.StatusError, nil },
		"all rates 0":      func(r *result.Record) { r.Rate = map[string]float64{"direct-write": 0} },
		"huge":             func(r *result.Record) { r.Rate["direct-write"] *= 1e12; r.Exposures = 1 << 60 },
		"tiny":             func(r *result.Record) { r.Rate["direct-write"] *= 1e-9; r.Exposures = min(r.Exposures, 1) },
		"always stale":     func(r *result.Record) { r.Oracle.StaleEvents = r.Exposures * 1000 },
		"unknown engines":  func(r *result.Record) { r.Engine = "kernel-" + r.Engine },
		"a very long name": func(r *result.Record) { r.Engine += strings.Repeat("-and-so-on", 5) },
	} {
		t.Run(name, func(t *testing.T) {
			run := made(6, 8)
			for i := range run.Records {
				change(&run.Records[i])
			}
			figures, _ := All(run)
			if len(figures) < 1 {
				t.Errorf("%d figures", len(figures))
			}
			for _, f := range figures {
				svg, err := f.SVG()
				if err != nil || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
					t.Errorf("%s: %v", f.Name, err)
				}
			}
		})
	}
}

// Legends stay within the figure, row by row.
func TestLegendFits(t *testing.T) {
	figures, _ := All(made(6, 1, 8))
	for _, f := range figures {
		n := 0
		for _, row := range f.legendRows() {
			var used vg.Length
			for _, k := range row {
				used += k.width()
				n++
			}
			if used > figureWidth-2*margin {
				t.Errorf("%s: a row of the legend is %g wide", f.Name, used)
			}
		}
		if n != len(f.legend) {
			t.Errorf("%s: %d of %d keys are drawn", f.Name, n, len(f.legend))
		}
	}
}

// Every colour of a picture has a twin for dark screens, so that none is lost
// there.
func TestEveryColourHasADarkTwin(t *testing.T) {
	figures, _ := All(made(6, 1, 8))
	for _, f := range figures {
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		style, body, ok := strings.Cut(string(svg), "</style>")
		if !ok || !strings.Contains(style, "prefers-color-scheme:dark") {
			t.Fatalf("%s has no style for dark screens", f.Name)
		}
		for _, c := range regexp.MustCompile(`(?:fill|stroke):#[0-9A-F]{6}`).FindAllString(body, -1) {
			if !strings.Contains(style, `"`+c+`"`) {
				t.Errorf("%s: %s has no dark twin", f.Name, c)
			}
		}
		if m := regexp.MustCompile(`<(path|text)[^>]*style="[^"]*"`).FindAllString(body, -1); len(m) > 0 {
			for _, e := range m {
				if !strings.Contains(e, "fill:#") && !strings.Contains(e, "stroke:#") {
					t.Errorf("%s: black by default, which the dark swallows: %s", f.Name, e)
				}
			}
		}
	}
}

// A picture that has left its run says where that was.
func TestCaptions(t *testing.T) {
	figures, _ := All(made(6, 8))
	for _, f := range figures {
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"ext4 on /dev/vda", "linux 6.18.0 ", "8 CPUs (Made-up CPU)", "MMU soft", "O_DIRECT is direct", "2026-03-14 15:09 UTC", "$ cohbench run --dir /mnt/test (commit 0123456789ab)"} {
			if !bytes.Contains(svg, []byte(want)) {
				t.Errorf("%s does not say %q", f.Name, want)
			}
		}
	}
	if got := captionOf(&result.Run{}); got[1] != "command not recorded" || !strings.Contains(got[0], "unknown file system on unknown device") {
		t.Errorf("a run of nothing is captioned %q", got)
	}
}

func TestWesternEncoding(t *testing.T) {
	if got := encodeWestern("5 µs · é → \u0085"); got != "5 \xb5s \xb7 \xe9 ? ?" {
		t.Errorf("%q", got)
	}
}

// Titles keep to the width of their panels, whatever is in them, and take as much
// more room as they need; the last panel of an odd number has its row to itself.
func TestTitlesKeepToTheirPanels(t *testing.T) {
	const title = "direct-write+load, 4 threads, 64 KiB blocks, partners=6,rate/direct-write=2000,rate/load=2000,rate/store=4000,round=20ms"
	for _, n := range []int{1, 2, 3} {
		f := &Figure{Name: "x", Title: "x", panelHeight: 200}
		for range n {
			f.panels = append(f.panels, newPanel(title, "x", "y"))
		}
		short := &Figure{panelHeight: 200, Title: "x", panels: []*plot.Plot{newPanel("short", "x", "y")}}
		if n > 1 && f.height() <= short.height() {
			t.Errorf("%d panels: the picture is no higher for titles of several lines", n)
		}
		for range 2 { // a picture is drawn more than once
			if _, err := f.SVG(); err != nil {
				t.Fatal(err)
			}
		}
		for _, line := range strings.Split(f.panels[0].Title.Text, "\n") {
			if w := f.panels[0].Title.TextStyle.Width(line); w > f.tileWidth() {
				t.Errorf("%d panels: %q is %g wide, of %g", n, line, w, f.tileWidth())
			}
		}
		if got := strings.ReplaceAll(strings.ReplaceAll(f.panels[0].Title.Text, "\n", ""), " ", ""); got != strings.ReplaceAll(title, " ", "") {
			t.Errorf("%d panels: the title became %q", n, got)
		}
	}
}

// Every text has the width for which it was laid out, whatever font is there.
func TestTextIsFitted(t *testing.T) {
	figures, _ := All(made(6, 1, 8))
	for _, f := range figures {
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		all, fit := bytes.Count(svg, []byte("<text ")), bytes.Count(svg, []byte(`lengthAdjust="spacingAndGlyphs"`))
		if all == 0 || fit != all {
			t.Errorf("%s: %d of %d texts have a width", f.Name, fit, all)
		}
	}
	const text = `<text x="1" style="font-weight:bold;font-style:normal;font-size:10px;fill:#222222">a &lt; b</text>`
	want := fmt.Sprintf(`textLength="%.2f"`, write(10, ink, true).Width("a < b").Points())
	if got := string(fitted([]byte(text))); !strings.Contains(got, want) || !strings.HasSuffix(got, `fill:#222222">a &lt; b</text>`) {
		t.Errorf("%s, want %s", got, want)
	}
}

// The picture of starvation has what the waits cost, too, with the ceiling.
func TestStarvationShowsWhatIsLeft(t *testing.T) {
	run := swept(t)
	waits, writes := Starvations(run), BreakEvens(run).Writes
	f := starvation(newTheme(engineNames(run)), engineNames(run), waits, writes)
	if len(f.panels) != len(waits)+len(writes) || !strings.HasSuffix(f.panels[len(f.panels)-1].Title.Text, ": direct writes") {
		t.Errorf("%d panels of %d waits and %d rates", len(f.panels), len(waits), len(writes))
	}
	if f.legend[0].name != "raw" {
		t.Errorf("the legend begins with %s", f.legend[0].name)
	}
}

// What a picture leaves out of a sweep, it says.
func TestLeftOutIsSaid(t *testing.T) {
	note := func(run *result.Run, name string) string {
		figures, _ := All(run)
		for _, f := range figures {
			if f.Name == name {
				return f.Note
			}
		}
		t.Fatalf("no %s", name)
		return ""
	}
	const threads, steps = "Of several numbers of threads only the largest is shown.", "Of other sweeps only the first and the last step are shown."
	for _, tt := range []struct {
		run            *result.Run
		name           string
		threads, steps bool
	}{
		{made(6, 8), "tradeoff", false, false},
		{made(6, 1, 8), "tradeoff", true, false},
		{made(6, 1, 8), "scaling", false, false},
		{sized(), "throughput", false, true},
		{sized(), "block-size", false, false},
	} {
		n := note(tt.run, tt.name)
		if strings.Contains(n, threads) != tt.threads || strings.Contains(n, steps) != tt.steps {
			t.Errorf("%s says %q", tt.name, n)
		}
	}
}
