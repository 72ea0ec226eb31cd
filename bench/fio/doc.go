// Package fio measures engines beside fio(1): the same file, the same system
// calls, block size, tasks and requests in flight, random offsets with
// replacement on both sides; here with every stamp and every check of the
// oracle, there without. It answers what the measured path costs.
//
// A figure is a median of ratios within a round, in which every contender runs
// once. fio runs twice in each round; if those two differ, the machine was not
// quiet enough for the figures beside them.
package fio
