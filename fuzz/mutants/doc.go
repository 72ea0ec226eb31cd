// Package mutants plants bugs in the mechanism and hunts them with the litmus
// suite and the fuzzer: a check that does not catch a bug is worth nothing
// against it.
//
// A bug is an edit of the source of one function ([Catalogue] for those thought
// up, [Mechanical] for those that a program makes). [Plant] copies each
// function that has some, once for each, into an overlay for go build, and has
// the function itself ask which of its copies is to run. So the repository's
// own code holds no trace of it and pays nothing, an edit may be any text
// (a line moved, a call deleted, a comparison turned round), and one build is
// enough for all: the environment variable [Variable] says which bug is in.
//
// cmd/mutants builds and runs it, ci/mutants.sh is what CI does, and
// SURVIVORS.md says why some of the mechanical ones are not caught.
package mutants
