package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"cohbench/fuzz/diagram"
)

// drawing is where the picture of a run goes.
type drawing struct{ html string }

func (d *drawing) add(c *cobra.Command) {
	c.Flags().StringVar(&d.html, "html", "", "draw the run into this HTML file, too")
}

// draw prints the run, and writes the file that was asked for.
func (d *drawing) draw(w io.Writer, t *diagram.Diagram) error {
	if err := t.Text(w); err != nil || d.html == "" {
		return err
	}
	var page bytes.Buffer
	if err := t.HTML(&page); err != nil {
		return err
	}
	if err := os.WriteFile(d.html, page.Bytes(), 0o666); err != nil {
		return environment(fmt.Errorf("draw the run: %w", err), "")
	}
	return nil
}
