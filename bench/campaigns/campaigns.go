// Package campaigns has the campaigns that come with cohbench: what to measure
// to answer a question, each a file of options of 'cohbench run' that begins
// with the question.
package campaigns

import (
	"embed"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the campaigns in alphabetic order.
func Names() []string {
	list, err := files.ReadDir(".")
	if err != nil {
		panic("campaigns: the embedded files cannot be listed")
	}
	var names []string
	for _, f := range list {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// Lookup returns the text of a campaign.
func Lookup(name string) ([]byte, bool) {
	text, err := files.ReadFile(name + ".yaml")
	return text, err == nil
}

// Doc is the comment with which a campaign begins: its question.
func Doc(text []byte) string {
	var lines []string
	for line := range strings.Lines(string(text)) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		lines = append(lines, strings.TrimSpace(comment))
	}
	return strings.Join(lines, " ")
}
