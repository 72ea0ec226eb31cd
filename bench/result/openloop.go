package result

// Names of distributions in Record.Hist besides the classes.
const (
	HistBlock     = "block"      // as Record.BlockTime
	HistService   = ".service"   // behind a class: as OpenLoop.Service
	HistGenerator = ".generator" // behind a class: as OpenLoop.Generator
)

// OpenLoop is one class of operations that begin on a schedule, whether or not
// those before them have ended. Record.Latency of the class counts from the
// time at which an operation was due, so an operation that a slow one before it
// held up is slow, too: nothing is omitted in step with the system under test
// (Tene's "coordinated omission"; wrk2).
type OpenLoop struct {
	Arrival string  `json:"arrival"` // "constant" or "poisson"
	Offered float64 `json:"offered"` // operations per second that were to begin, all tasks together
	Served  float64 `json:"served"`  // completed inside the measured windows, per second
	Due     int64   `json:"due"`     // operations whose time came inside the measured windows
	// Unserved counts those due that had not begun when their round ended.
	// Record.Latency has each with the time that it had waited until then: a
	// lower bound of what it would have been.
	Unserved   int64 `json:"unserved"`
	MaxBacklog int64 `json:"max_backlog"` // most operations due and not begun, of one task

	Service Latency `json:"service_ns"` // from the call to its return
	// Generator is how late operations began whose task had nothing else to do:
	// what the timer adds to Record.Latency.
	Generator Latency `json:"generator_ns"`
}

// Steady is what came of waiting for a steady state before measuring, by fio's
// rule (fio(1), steadystate): the rate of the primary class over a window of
// equal intervals must have a least-squares slope, and a largest deviation of
// an interval from the mean, within limits.
type Steady struct {
	Class     string  `json:"class"`
	Attained  bool    `json:"attained"`
	Seconds   float64 `json:"seconds"`   // run until it was attained, or given up
	Window    float64 `json:"window"`    // s
	Limit     float64 `json:"limit"`     // for both figures, in percent of the mean
	Slope     float64 `json:"slope"`     // over the last window, in percent of the mean
	Deviation float64 `json:"deviation"` // likewise
}
