// Package repro turns a program into evidence for other people: one stand-alone
// C file that needs nothing but libc, and a draft of a test in the style of
// xfstests around it.
//
// A schedule of the model cannot be forced on a kernel, but a direct IO can be
// stopped in two places. Its buffer is memory whose pages are missing and whose
// faults somebody else serves (userfaultfd(2)): the kernel takes the buffer's
// pages after it has dropped the cached ones and before it submits, so the IO
// stands there until the page is given to it. If a page much further on in the
// buffer is missing too, what lies before it has been submitted by then, and the
// second invalidation has not yet been. An Order says which operations run in
// which of these windows. Find tries all of them on the model and keeps the
// simplest that shows what the program is about; where none does, the C program
// lets the tasks race, again and again.
//
// The C program judges as package oracle does: every word says who wrote it, and
// a word is superseded if an operation that began after its writer had ended has
// itself ended, successfully, before the word was read.
package repro
