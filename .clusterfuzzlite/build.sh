#!/bin/bash -eu
# Builds the libFuzzer target, as OSS-Fuzz and ClusterFuzzLite want it: the
# binary and its corpus in $OUT. Outside of them it takes clang (19 or later)
# with its fuzzer runtime:
#
#     OUT=/tmp/fuzz .clusterfuzzlite/build.sh && /tmp/fuzz/policies -max_total_time=60 CORPUS
cd "$(dirname "$0")/.."
[ -f go.mod ] || cd "$SRC/cohbench"
: "${CXX:=clang++}" "${CXXFLAGS:=}" "${LIB_FUZZING_ENGINE:=-fsanitize=fuzzer}" "${OUT:?where the target goes}"
mkdir -p "$OUT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=1 go build -tags libfuzzer -gcflags=all=-d=libfuzzer -buildmode=c-archive -o "$work/policies.a" ./fuzz/libfuzzer
# shellcheck disable=SC2086 # flags are words
$CXX $CXXFLAGS $LIB_FUZZING_ENGINE "$work/policies.a" -o "$OUT/policies"
(cd fuzz/corpus/policies && python3 -m zipfile -c "$OUT/policies_seed_corpus.zip" ./*)
