// Package report renders a run for people: a table for the terminal (Text) and
// one self-contained page (HTML). It computes nothing that bench/compare does
// not, and draws nothing: pictures come to it as SVG.
package report
