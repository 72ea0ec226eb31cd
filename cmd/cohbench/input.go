package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"cohbench/fuzz"
	"cohbench/fuzz/prog"
)

// nativeHeader begins a file of `go test -fuzz`.
const nativeHeader = "go test fuzz v1\n"

// readInput reads a program in any of its forms: a .coh file, an input of
// `go test -fuzz`, or the raw input of go-fuzz and libFuzzer. One that fails in
// the target has the schedule in which it does.
func readInput(name string) (*prog.Program, error) {
	if strings.HasSuffix(name, ".coh") {
		return readProgram(name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, environment(fmt.Errorf("read an input: %w", err), "")
	}
	if text, ok := bytes.CutPrefix(data, []byte(nativeHeader)); ok {
		if data, err = parseNative(string(text)); err != nil {
			return nil, usage(fmt.Errorf("read %s: %w", name, err), "it should hold one value: []byte(\"...\")")
		}
	}
	t := fuzz.NewTarget()
	defer t.Close()
	p, _ := t.Find(data)
	return p, nil
}

// parseNative takes the value out of a file of `go test -fuzz`.
func parseNative(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	quoted, begins := strings.CutPrefix(text, "[]byte(")
	quoted, ends := strings.CutSuffix(quoted, ")")
	if !begins || !ends {
		return nil, fmt.Errorf("no value of type []byte: %.40q", text)
	}
	s, err := strconv.Unquote(quoted)
	return []byte(s), err
}
