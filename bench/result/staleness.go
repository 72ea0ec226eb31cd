package result

// Staleness says how stale reads were, and how likely a read is to be stale so
// long after a write.
type Staleness struct {
	// Versions counts stale (and, at rest, lost) blocks by how many completed
	// writes they were behind: Versions[k] by k, the last by that or more. Lower
	// bounds: what the oracle has forgotten is not counted. (k-staleness:
	// Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012.)
	Versions []int64 `json:"versions,omitempty"`
	// Age counts them by how long they had been superseded.
	Age        []AgeBin `json:"age,omitempty"`
	AgeUnknown int64    `json:"age_unknown,omitempty"`
	// Visibility counts reads of blocks by how long before them a write of the
	// whole block had completed, the stale ones apart: Stale/Reads is the
	// probability that a read so long after a write is stale (t-visibility: the
	// same paper). In order of time; bins without reads are left out.
	Visibility []VisibilityBin `json:"visibility,omitempty"`
}

// An AgeBin counts stale blocks superseded for [From, To) ns. The last bin is
// open: its To is 0.
type AgeBin struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	N    int64 `json:"n"`
}

// A VisibilityBin counts reads of blocks that began [From, To) ns after the
// latest write of the whole block had completed. The last bin is open: its To
// is 0.
type VisibilityBin struct {
	From  int64 `json:"from"`
	To    int64 `json:"to"`
	Reads int64 `json:"reads"`
	Stale int64 `json:"stale"`
}
