// Package plots draws the pictures of a run. It is the only importer of gonum.
//
// Each picture is made in two steps: its data, plain numbers which the tests
// hold to goldens (Throughputs, Stalenesses, Tradeoffs, Scalings, Latencies),
// and its drawing. An engine has one colour, one glyph and one dash pattern
// in all of them; the colours are those of Okabe and Ito, which stay apart for
// the colour-blind.
//
// Nothing is drawn as zero that was merely not seen: no stale read in N
// exposures is an arrow that points down from 3/N.
package plots
