package fuzz

import (
	"fmt"

	"cohbench/fuzz/prog"
)

// RunParser is a target for the text form of programs. Data is a text; what
// parses must come back from its canonical form as the same.
func RunParser(data []byte) {
	p, err := prog.Parse("fuzzed.coh", data)
	if err != nil {
		return
	}
	text := p.String()
	again, err := prog.Parse("fuzzed.coh", []byte(text))
	if err != nil {
		fmt.Fprintf(Details, "%v\n%s", err, text)
		panic("fuzz: the canonical form of a program does not parse")
	}
	if again.String() != text {
		fmt.Fprintf(Details, "%s\ncomes back as\n%v", text, again)
		panic("fuzz: the canonical form of a program comes back as another one")
	}
}
