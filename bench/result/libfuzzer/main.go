//go:build libfuzzer

// Command libfuzzer is the target for the reader of results for libFuzzer,
// as a C archive: see package fuzz/libfuzzer.
package main

// #include <stddef.h>
import "C"

import (
	"unsafe"

	"cohbench/bench/result"
)

// LLVMFuzzerTestOneInput runs one input. It is copied, because libFuzzer
// reuses its memory.
//
//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.char, size C.size_t) C.int {
	result.RunRead(C.GoBytes(unsafe.Pointer(data), C.int(size)))
	return 0
}

func main() {}
