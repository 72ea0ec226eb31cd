#!/bin/bash -eu
# Builds the libFuzzer targets, as OSS-Fuzz and ClusterFuzzLite want them: each
# binary and its corpus in $OUT. Outside of them it takes clang (19 or later)
# with its fuzzer runtime:
#
#     CC=clang-19 CXX=clang++-19 OUT=/tmp/fuzz .clusterfuzzlite/build.sh
#     mkdir -p /tmp/new && /tmp/fuzz/policies -max_total_time=60 /tmp/new fuzz/corpus/policies
cd "$(dirname "$0")/.."
[ -f go.mod ] || cd "$SRC/cohbench"
: "${CXX:=clang++}" "${CXXFLAGS:=}" "${LIB_FUZZING_ENGINE:=-fsanitize=fuzzer}" "${OUT:?where the targets go}"
mkdir -p "$OUT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is to be covered. Every comparison of an instrumented package is a call:
# with schedulers and checkers among them, all would run at a quarter of the speed.
flags=()
for package in core core/coherence fuzz fuzz/prog fuzz/sequential bench/result; do
	flags+=("-gcflags=cohbench/$package=-d=libfuzzer")
done

# target NAME PACKAGE CORPUS
target() {
	CGO_ENABLED=1 go build -tags libfuzzer "${flags[@]}" -buildmode=c-archive -o "$work/$1.a" "$2"
	# shellcheck disable=SC2086 # flags are words
	$CXX $CXXFLAGS $LIB_FUZZING_ENGINE "$work/$1.a" -o "$OUT/$1"
	(cd "$3" && python3 -m zipfile -c "$OUT/$1_seed_corpus.zip" ./*)
}
target policies ./fuzz/libfuzzer/policies fuzz/corpus/policies
target locks ./fuzz/libfuzzer/locks fuzz/corpus/locks
target parser ./fuzz/libfuzzer/parser fuzz/corpus/parser
target sequential ./fuzz/libfuzzer/sequential fuzz/sequential/corpus
target results ./bench/result/libfuzzer bench/result/corpus
