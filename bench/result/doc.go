// Package result is the on-disk format of a run: a directory with
//
//	env.json       where, when and how the run was made (Env)
//	results.jsonl  one Record per line: one engine, workload, number of
//	               threads and repetition, appended when the case ends
//	results.txt    the same figures in Go benchmark format, for benchstat
//	campaign.yaml  what was asked for, to resume or repeat the run
//	hist/          latency distributions, HdrHistogram log format with V2
//	               encoded histograms: a file per case and class, an interval
//	               per repetition, tagged rep=N; values in ns
//	failures/      what an oracle or a deadlock report had to say
//	trace.jsonl    with --trace-locks: one Trace per line, what tasks did with
//	               the pagecache locks of a case for a short while
//	plots/         pictures, SVG, PNG and PDF
//	report.html    one self-contained page
//
// # results.jsonl
//
// Every line is a JSON object; a reader ignores keys it does not know. The
// types of this package are the reference; in short:
//
//	schema                  1; any other version is refused
//	time                    when the case ended, RFC 3339
//	engine, workload        names as `cohbench list` prints them
//	threads                 of the workload
//	rep, pair               repetition, from 0; pair > 0 marks an identical
//	                        twin of the same engine (A/A)
//	seconds                 measured, without preparation, warm-up and checks
//	mmu                     "soft", "userfaultfd", "kernel", "none"
//	io                      "direct", "buffered", "unknown": what O_DIRECT is
//	                        where the data files lay
//	block, size             bytes per IO, bytes per file
//	seed                    of the case
//	ops, rate, bytes        by class: operations, per second, bytes
//	set                     what was set besides: "name=value,..."
//	latency_ns              by class: p50, p90, p99, p999, p9999, max,
//	                        out_of_range
//	errors                  failed operations by "class: error"
//	hist                    by class: the file below hist/
//	offered                 by class: operations per second that were to begin
//	open_loop               by class at an offered rate: what was due and what
//	                        was served (type OpenLoop)
//	jain                    by class: how evenly its tasks shared
//	cpu_ns_per_op           user and system time of the process; of that,
//	                        system_ns_per_op in the kernel
//	ctx_switches_per_op     voluntary and not; voluntary_per_op those
//	minor_faults_per_op, major_faults_per_op
//	                        of the host process
//	perf_per_op             counters of perf_event_open, by name
//	steady                  whether a steady state was attained (type Steady)
//	gc                      garbage collections in the measured windows
//	exposures               direct writes during which another task tried to
//	                        add an overlapping page
//	rounds                  each ended by a quiesce check
//	loss_rounds             rounds whose check found lost cells
//	stale_rounds            rounds in which some read was stale
//	per_round               exposures, stale_reads and loss_rounds of each round,
//	                        or of each so many ("rounds") in a row
//	eio_rounds, quiet_eio   rounds in which a sync said EIO; of these, those
//	                        whose check found nothing lost
//	oracle                  what the oracle saw (type Oracle)
//	staleness               how stale, and how soon after a write (type Staleness)
//	lock                    what locks and direct path did (type Lock)
//	block_time_ns           how long direct writers waited for the lock
//	status                  "ok", "deadlock", "starved", "unsupported", "error"
//	detail                  deadlock report, error, first violations
//
// Records are appended with one write each, so that a killed run keeps what it
// measured. They are not synced: that would load the device under test.
package result
