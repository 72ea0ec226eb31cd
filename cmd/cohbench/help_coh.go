package main

import (
	"github.com/spf13/cobra"

	"cohbench/fuzz/prog"
)

// newHelpCoh is a help topic: 'cohbench help coh'.
func newHelpCoh() *cobra.Command {
	return &cobra.Command{Use: "coh", Short: "The language of litmus tests", Long: prog.Grammar, Args: cobra.NoArgs}
}
