package main

import (
	"errors"
	"strconv"

	"cohbench/fuzz/explore"
)

// A bound is a number of preemptions on the command line, or "all".
type bound int

// defaultBound finds every window that is known, in a moment.
const defaultBound bound = 2

// maxBound is more than any search gets through.
const maxBound = 100

// Set implements pflag.Value.
func (b *bound) Set(text string) error {
	if text == "all" {
		*b = explore.Unbounded
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxBound {
		return errors.New("want a number of preemptions such as 2, or all")
	}
	*b = bound(n)
	return nil
}

// String implements pflag.Value.
func (b *bound) String() string {
	if *b == explore.Unbounded {
		return "all"
	}
	return strconv.Itoa(int(*b))
}

// Type implements pflag.Value.
func (b *bound) Type() string { return "preemptions" }
