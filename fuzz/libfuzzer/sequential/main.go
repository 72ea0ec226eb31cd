//go:build libfuzzer

// Command sequential is the target of package sequential for libFuzzer,
// as a C archive: see package fuzz/libfuzzer.
package main

// #include <stddef.h>
import "C"

import (
	"unsafe"

	"cohbench/fuzz/libfuzzer"
	"cohbench/fuzz/sequential"
)

var run = libfuzzer.Apart(sequential.Run)

// LLVMFuzzerTestOneInput runs one input. It is copied, because libFuzzer
// reuses its memory.
//
//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.char, size C.size_t) C.int {
	run(C.GoBytes(unsafe.Pointer(data), C.int(size)))
	return 0
}

func main() {}
