//go:build race

package mmu

const raceEnabled = true
