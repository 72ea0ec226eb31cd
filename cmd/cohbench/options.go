package main

import (
	"fmt"
	"slices"
	"strconv"

	"cohbench/bench"
)

// A size is a number of bytes on the command line: 4096, 64k, 64KiB, 1m, 2g.
type size int64

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	n, err := bench.ParseBytes(text)
	*s = size(n)
	return err
}

// String implements pflag.Value.
func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	n, text := int64(*s), ""
	for _, u := range []string{"k", "m", "g"} {
		if n%1024 != 0 {
			break
		}
		n, text = n/1024, u
	}
	return strconv.FormatInt(n, 10) + text
}

// Type implements pflag.Value.
func (s *size) Type() string { return "size" }

// choose returns what the names stand for, in their order; a name that is
// unknown or comes twice is an error of usage.
func choose[T any](what string, names []string, lookup func(string) (T, error)) ([]T, error) {
	var list []T
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, usage(fmt.Errorf("%s %q is named twice", what, name), "")
		}
		v, err := lookup(name)
		if err != nil {
			return nil, usage(err, "'cohbench list' says what they are")
		}
		list = append(list, v)
	}
	return list, nil
}
