package oracle

import "math/bits"

// Counts is what a reader has seen. Kinds are counted in cells: at most one
// kind per cell and read, but for SilentLost, which is part of Lost, and
// Incoherent, which may come on top. Statistics belong over events, since the
// cells of one stale page are one mishap.
type Counts struct {
	Reads   int64 // reads checked
	Checked int64 // cells checked

	Stale, Inverted, Flipped, Torn, Nowhere int64
	Lost, SilentLost, Incoherent            int64
	InFlight                                int64 // reported, held against nobody

	BadReads    int64 // reads with something wrong, InFlight alone excepted
	StaleEvents int64 // blocks with at least one stale cell, per read
	LostEvents  int64 // blocks with at least one lost cell, per quiesce check

	// How far behind, once per block and read: the first of its stale or lost cells.
	MaxStaleVersions int64     // completed writes; a lower bound
	MaxStaleNs       int64     // since superseded; a lower bound
	Versions         [17]int64 // [k]: behind by k completed writes, the last: or more
	AgeNs            [41]int64 // [i]: superseded for less than 1<<i ns and not less than half of it; the last: or more
	AgeUnknown       int64     // of which no time is known

	// Visibility is reads of blocks by how long before them a write of the whole
	// block had returned: [i] for less than 1<<i ns and not less than half of it;
	// the last: or more. Stale/Reads is how likely a read so soon is stale
	// (t-visibility: Bailis et al., VLDB 2012).
	Visibility [41]Visibility
}

// Visibility is one bin of Counts.Visibility.
type Visibility struct{ Reads, Stale int64 }

// visible files one read of a block, t ns after a write of it.
func (c *Counts) visible(t int64, stale bool) {
	v := &c.Visibility[min(bits.Len64(uint64(max(t, 0))), len(c.Visibility)-1)]
	v.Reads++
	if stale {
		v.Stale++
	}
}

// Merge adds o to c.
func (c *Counts) Merge(o *Counts) {
	c.Reads += o.Reads
	c.Checked += o.Checked
	for k := range numKinds {
		*c.of(k) += *o.of(k)
	}
	c.BadReads += o.BadReads
	c.StaleEvents += o.StaleEvents
	c.LostEvents += o.LostEvents
	c.MaxStaleVersions = max(c.MaxStaleVersions, o.MaxStaleVersions)
	c.MaxStaleNs = max(c.MaxStaleNs, o.MaxStaleNs)
	for i := range c.Versions {
		c.Versions[i] += o.Versions[i]
	}
	for i := range c.AgeNs {
		c.AgeNs[i] += o.AgeNs[i]
	}
	c.AgeUnknown += o.AgeUnknown
	for i, v := range o.Visibility {
		c.Visibility[i].Reads += v.Reads
		c.Visibility[i].Stale += v.Stale
	}
}

// Bad is the number of cells held against the system under test.
func (c *Counts) Bad() int64 {
	return c.Stale + c.Inverted + c.Flipped + c.Torn + c.Nowhere + c.Lost + c.Incoherent
}

func (c *Counts) of(k Kind) *int64 {
	return [numKinds]*int64{
		Torn: &c.Torn, Nowhere: &c.Nowhere, Stale: &c.Stale, Inverted: &c.Inverted, Flipped: &c.Flipped,
		InFlight: &c.InFlight, Lost: &c.Lost, SilentLost: &c.SilentLost, Incoherent: &c.Incoherent,
	}[k]
}

// behind files one stale run: k versions, age in ns or -1.
func (c *Counts) behind(k int, age int64) {
	c.MaxStaleVersions = max(c.MaxStaleVersions, int64(k))
	c.Versions[min(k, len(c.Versions)-1)]++
	if age < 0 {
		c.AgeUnknown++
		return
	}
	c.MaxStaleNs = max(c.MaxStaleNs, age)
	c.AgeNs[min(bits.Len64(uint64(age)), len(c.AgeNs)-1)]++
}
