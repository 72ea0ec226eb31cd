#!/usr/bin/env bash
# Fuzzes for a while with go test -fuzz, then with go-fuzz. Both start from
# fuzz/corpus. What go test finds it puts into fuzz/testdata, where it is a test
# from then on; what go-fuzz finds is kept where the last line says.
#
# Usage: ci/fuzz.sh [seconds]    for each of the two, default 30
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
export GOTOOLCHAIN=local # go-fuzz-build breaks when the toolchain is switched under it

work=$(mktemp -d)
pid=
cleanup() {
	if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
	wait
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A minimisation may take a minute by default, in which nothing is tried.
echo "fuzz: go test -fuzz, $seconds s"
mkdir "$work/cache"
go test ./fuzz -run '^$' -fuzz '^FuzzRun$' -fuzztime "${seconds}s" -fuzzminimizetime 200x -test.fuzzcachedir "$work/cache"

echo "fuzz: go-fuzz, $seconds s"
mkdir "$work/go-fuzz"
cp -r fuzz/corpus "$work/go-fuzz/corpus"
go tool go-fuzz-build -o "$work/fuzz.zip" ./fuzz
go build -o "$work/go-fuzz/run" github.com/dvyukov/go-fuzz/go-fuzz
timeout --signal=INT "$seconds" "$work/go-fuzz/run" -bin "$work/fuzz.zip" -workdir "$work/go-fuzz" -procs "$(nproc)" &
pid=$!
wait "$pid" || true # timeout's status says that the time was up
pid=

if [ -n "$(ls -A "$work/go-fuzz/crashers" 2>/dev/null)" ]; then
	kept=$(mktemp -d "${TMPDIR:-/tmp}/cohbench-crashers-XXXXXX")
	cp "$work"/go-fuzz/crashers/* "$kept"
	cat "$kept"/*.output >&2
	echo "fuzz: go-fuzz found something: $kept" >&2
	exit 1
fi
echo "fuzz: nothing found"
