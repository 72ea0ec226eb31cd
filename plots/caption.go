package plots

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"cohbench/bench/result"
)

// captionOf says where, when and how the run of a picture was made: what must
// be known before it is compared with another, also when it has left its
// report.
func captionOf(run *result.Run) []string {
	e := &run.Env
	facts := []string{
		fmt.Sprintf("%s on %s", orUnknown(e.FileSystem, "file system"), orUnknown(e.Device, "device")),
		kernelText(e),
		fmt.Sprintf("%d CPUs (%s)", e.Cores, orUnknown(e.CPU, "model")),
		"MMU " + orUnknown(e.MMU, ""),
		"O_DIRECT is " + orUnknown(e.IO, ""),
		e.Created.UTC().Format("2006-01-02 15:04 MST"),
	}
	return []string{strings.Join(facts, " · "), commandText(e)}
}

func orUnknown(s, what string) string {
	return cmp.Or(s, strings.TrimSpace("unknown "+what))
}

// kernelText leaves out the date on which the kernel was built.
func kernelText(e *result.Env) string {
	release, _, _ := strings.Cut(e.Kernel, " ")
	if e.OS == "" && release == "" {
		return "unknown kernel"
	}
	return strings.TrimSpace(e.OS + " " + release)
}

// commandText is the command, without the folder it was called from.
func commandText(e *result.Env) string {
	if len(e.Command) == 0 {
		return "command not recorded"
	}
	words := append([]string{filepath.Base(e.Command[0])}, e.Command[1:]...)
	text := "$ " + strings.Join(words, " ")
	if commit := e.Commit; len(commit) >= 12 && !strings.HasPrefix(commit, "unknown") {
		text += " (commit " + commit[:12] + strings.TrimLeft(commit[12:], "0123456789abcdef") + ")"
	}
	return text
}
