//go:build libfuzzer

// Command libfuzzer is the target for policies of package fuzz for libFuzzer, as a C
// archive: build it with -buildmode=c-archive and link it with
// clang -fsanitize=fuzzer (see .clusterfuzzlite/build.sh). It is the only code of
// the repository that needs cgo, and so stands behind a tag.
package main

// #include <stddef.h>
import "C"

import (
	"unsafe"

	"cohbench/fuzz"
)

var target = fuzz.NewTarget()

// LLVMFuzzerTestOneInput runs one input. It is copied, because libFuzzer
// reuses its memory.
//
//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.char, size C.size_t) C.int {
	target.Run(C.GoBytes(unsafe.Pointer(data), C.int(size)))
	return 0
}

func main() {}
