//go:build !unix

package workloads

// processUsage is unknown here: all zeros.
func processUsage() usage { return usage{} }
