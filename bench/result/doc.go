// Package result is the on-disk format of a run.
package result
