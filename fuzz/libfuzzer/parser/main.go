//go:build libfuzzer

// Command parser is the target for the parser of package fuzz for libFuzzer,
// as a C archive: see package fuzz/libfuzzer.
package main

// #include <stddef.h>
import "C"

import (
	"unsafe"

	"cohbench/fuzz"
)

// LLVMFuzzerTestOneInput runs one input. It is copied, because libFuzzer
// reuses its memory.
//
//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.char, size C.size_t) C.int {
	fuzz.RunParser(C.GoBytes(unsafe.Pointer(data), C.int(size)))
	return 0
}

func main() {}
