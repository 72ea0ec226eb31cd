package result

// Tax is what the page tables of the models cost beside the kernel's own, on
// this machine and directory: one row for each thing that is done to a page of
// 4096 bytes.
type Tax struct {
	Seconds float64  `json:"seconds"` // it took to measure
	Rows    []TaxRow `json:"rows"`
}

// TaxRow is one operation on one page.
type TaxRow struct {
	Op     string `json:"op"`     // "minor fault"
	Native string `json:"native"` // what the kernel is made to do
	Model  string `json:"model"`  // what the models do instead
	Costs  []Cost `json:"costs"`  // NativeTables first
}

// NativeTables is the MMU of a Cost that is the kernel's own.
const NativeTables = "native"

// Cost is what an operation costs on one MMU.
type Cost struct {
	MMU   string `json:"mmu"`
	Ns    Figure `json:"ns"`    // per page
	Ratio Figure `json:"ratio"` // to native, turn by turn; none of native itself
}

// Figure is a median over turns with its interval. N is 0 where there is none;
// Lo and Hi are 0 where there is no interval. Why says why.
type Figure struct {
	Median float64 `json:"median"`
	Lo     float64 `json:"lo,omitempty"`
	Hi     float64 `json:"hi,omitempty"`
	N      int     `json:"n"` // turns
	Why    string  `json:"why,omitempty"`
}

// Interval reports whether Lo and Hi may be used.
func (f Figure) Interval() bool { return f.N > 0 && f.Why == "" }
