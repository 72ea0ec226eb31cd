// Package plots draws the pictures of a run. It is the only importer of gonum.
//
// Each picture is made in two steps: its data, plain numbers which the tests
// hold to goldens (Tradeoffs, Overview, Throughputs, Stalenesses, Latencies, and
// of sweeps Scalings, BreakEvens, Starvations, BlockSizes, Visibilities), and its
// drawing. An engine has one colour, one glyph and one dash pattern
// in all of them; the colours are those of Okabe and Ito, which stay apart for
// the colour-blind.
//
// All share a theme: one look per engine, a caption with the environment, and
// colours for dark screens, which an SVG takes of itself.
//
// Nothing is drawn as zero that was merely not seen: no stale read in N
// exposures is an arrow that points down from 3/N.
package plots
