// Package prog is programs for exploration: a handful of operations of a few
// tasks on a few files, what the files hold before, a schedule if there is one,
// and what is looked for. A program has a text form, .coh, for people ([Parse],
// [Program.Append]; its grammar is in coh.txt, printed by 'cohbench help coh'),
// and a binary one for fuzzers ([Decode], [Program.Encode]).
package prog

import _ "embed"

// Grammar is the description of the text form, for people.
//
//go:embed coh.txt
var Grammar string
