//go:build !linux

package main

// recursionRuns is the condition [kernelfaults] of scripts.
func recursionRuns() bool { return false }
