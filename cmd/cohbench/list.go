package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cohbench/bench/campaigns"
	"cohbench/core"
	"cohbench/core/mmu"
	"cohbench/workloads"
)

// listing is what there is, as --json prints it.
type listing struct {
	Engines   []listedEngine   `json:"engines"`
	Workloads []listedWorkload `json:"workloads"`
	Campaigns []listedCampaign `json:"campaigns"`
	Settings  []listedSetting  `json:"settings"`
}

type listedEngine struct {
	Name         string `json:"name"`
	Coherent     bool   `json:"coherent"`
	DeadlockFree bool   `json:"deadlock_free"`
	MMU          string `json:"mmu"`
	Doc          string `json:"doc"`
}

type listedWorkload struct {
	Name     string           `json:"name"`
	Files    int              `json:"files"`
	Defaults workloads.Params `json:"defaults"`
	Doc      string           `json:"doc"`
}

type listedCampaign struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

type listedSetting struct {
	Name    string `json:"name"`
	Example string `json:"example"`
	Doc     string `json:"doc"`
}

func newList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "Say which engines and workloads there are",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(c.OutOrStdout(), all())
			}
			all().print(c.OutOrStdout())
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// all lists everything in display order.
func all() listing {
	var l listing
	for _, e := range enginesOn(mmu.KindSoft) {
		claims := e.Claims()
		l.Engines = append(l.Engines, listedEngine{e.Name(), claims.Coherent, claims.DeadlockFree, e.MMU(), e.Doc()})
	}
	for _, w := range workloads.All() {
		l.Workloads = append(l.Workloads, listedWorkload{w.Name, w.Files, w.Defaults, w.Doc})
	}
	for _, name := range campaigns.Names() {
		text, _ := campaigns.Lookup(name)
		l.Campaigns = append(l.Campaigns, listedCampaign{name, campaigns.Doc(text)})
	}
	for _, s := range workloads.Settings() {
		l.Settings = append(l.Settings, listedSetting{s.Name, s.Example, s.Doc})
	}
	return l
}

func (l listing) print(w io.Writer) {
	fmt.Fprintln(w, "engines")
	for _, e := range l.Engines {
		entry(w, e.Name, "claims "+claimsText(core.Claims{Coherent: e.Coherent, DeadlockFree: e.DeadlockFree}), e.Doc)
	}
	fmt.Fprintln(w, "\nworkloads")
	for _, v := range l.Workloads {
		block := size(v.Defaults.Block)
		bytes := size(v.Defaults.Size)
		fact := fmt.Sprintf("%d threads, block %s, %d x %s", v.Defaults.Threads, &block, v.Files, &bytes)
		entry(w, v.Name, fact, v.Doc+" Its --set: "+settingsText(&v.Defaults)+".")
	}
	fmt.Fprintln(w, "\ncampaigns for run --campaign")
	for _, c := range l.Campaigns {
		entry(w, c.Name, "", c.Doc)
	}
	fmt.Fprintln(w, "\nparameters for run --set name=value")
	for _, s := range l.Settings {
		fmt.Fprintf(w, "  %-24s %s\n", s.Name, s.Doc)
	}
}

// settingsText is the settings of p that are not zero.
func settingsText(p *workloads.Params) string {
	var zero workloads.Params
	var list []string
	for _, s := range workloads.Settings() {
		if v := s.Get(p); v != s.Get(&zero) {
			list = append(list, s.Name+"="+v)
		}
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ",")
}

func claimsText(c core.Claims) string {
	var claims []string
	if c.Coherent {
		claims = append(claims, "coherent")
	}
	if c.DeadlockFree {
		claims = append(claims, "no deadlock")
	}
	if claims == nil {
		return "nothing"
	}
	return strings.Join(claims, ", ")
}

// textWidth is that of the paragraphs on the terminal.
const textWidth = 78

// entry prints a name, a fact and a paragraph.
func entry(w io.Writer, name, fact, doc string) {
	fmt.Fprintf(w, "  %-24s %s\n", name, fact)
	for _, line := range wrap(doc, textWidth-6) {
		fmt.Fprintf(w, "      %s\n", line)
	}
}

// wrap breaks a text into lines of at most width bytes, where its words allow.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// printJSON prints a value for programs to read.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
