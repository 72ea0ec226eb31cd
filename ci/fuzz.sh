#!/usr/bin/env bash
# Fuzzes for a while: cohbench fuzz on the policies that claim coherence, by
# chosen schedules and on real threads and files in TMPDIR, then each target with
# go test -fuzz, then two with go-fuzz, or all at night. All start from the
# corpora in the tree, and from what they kept before if --cache names a folder.
# Whatever is found is kept in --out, and the exit status is 1.
#
# Usage: ci/fuzz.sh [--nightly] [--cache DIR] [--out DIR] [seconds]
#
# Seconds is for all of it, about; default 60. --nightly is an hour.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=60 cache= out="" targets=2
while [ $# -gt 0 ]; do
	case $1 in
	--nightly) seconds=3600 targets=5 ;;
	--cache) cache=$2 && shift ;;
	--out) out=$2 && shift ;;
	*[!0-9]*)
		echo "error: ci/fuzz.sh: unknown argument $1: usage: ci/fuzz.sh [--nightly] [--cache DIR] [--out DIR] [seconds]" >&2
		exit 2
		;;
	*) seconds=$1 ;;
	esac
	shift
done
export GOTOOLCHAIN=local # go-fuzz-build breaks when the toolchain is switched under it

work=$(mktemp -d)
pid= shm=
cleanup() {
	if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
	wait
	rm -rf "$work" ${shm:+"$shm"}
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cache=${cache:-$work/cache}
out=${out:-$(mktemp -d "${TMPDIR:-/tmp}/cohbench-fuzz-XXXXXX")}
mkdir -p "$cache" "$out"

found=0
finding() {
	echo "fuzz: $1 found something: $2" >&2
	found=1
}

# A third for the command, a third for the native targets, a third for go-fuzz.
part=$((seconds / 3 > 3 ? seconds / 3 : 3))
go build -o "$work/cohbench" ./cmd/cohbench
echo "fuzz: cohbench fuzz, $part s"
"$work/cohbench" fuzz --time "$((part / 3))s" --out "$out/campaign" || finding "cohbench fuzz" "$out/campaign"

# live NAME DIR [FLAG...]: on real threads and files in DIR.
live() {
	local name=$1 dir=$2 status=0
	shift 2
	"$work/cohbench" fuzz --dir "$dir" --time "$((part / 3))s" --out "$out/$name" "$@" || status=$?
	case $status in
	0) ;;
	3) echo "warning: $name: no direct IO in $dir: nothing was fuzzed there" >&2 ;;
	*) finding "cohbench fuzz $*" "$out/$name" ;;
	esac
}
mkdir "$work/data"
live models "$work/data" --live
# A tmpfs buffers direct IO, so that whatever is found on one is a false alarm.
if [ "$(stat --file-system --format=%T /dev/shm 2>/dev/null)" = tmpfs ] && shm=$(mktemp -d -p /dev/shm cohbench-fuzz-XXXXXX); then
	live tmpfs "$shm" --engine kernel
fi

# native PACKAGE TARGET: what it finds it puts into testdata of the package.
native() {
	local package=$1 target=$2 limit=$((part / 5 > 2 ? part / 5 : 2))
	echo "fuzz: go test -fuzz $target $package, $limit s"
	mkdir -p "$cache/native"
	# A minimisation may take a minute by default, in which nothing is tried.
	if ! go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${limit}s" -fuzzminimizetime 200x \
		-test.fuzzcachedir "$cache/native"; then
		[ ! -d "$package/testdata/fuzz/$target" ] || cp -r "$package/testdata/fuzz/$target" "$out/$target"
		finding "$target" "$out/$target"
	fi
}
native ./fuzz FuzzPolicies
native ./fuzz FuzzLocks
native ./fuzz FuzzParser
native ./fuzz/sequential FuzzRun
native ./bench/result FuzzRead

# gofuzz PACKAGE FUNCTION CORPUS
gofuzz() {
	local package=$1 target=$2 corpus=$3 limit=$((part / targets > 5 ? part / targets : 5)) dir=$cache/go-fuzz/$2
	echo "fuzz: go-fuzz $target $package, $limit s"
	mkdir -p "$dir/corpus"
	cp "$corpus"/* "$dir/corpus"
	go tool go-fuzz-build -func "$target" -o "$work/$target.zip" "$package"
	timeout --signal=INT "$limit" "$work/go-fuzz" -bin "$work/$target.zip" -workdir "$dir" -procs "$(nproc)" &
	pid=$!
	wait "$pid" || true # timeout's status says that the time was up
	pid=
	if [ -n "$(ls -A "$dir/crashers" 2>/dev/null)" ]; then
		cat "$dir"/crashers/*.output >&2
		mv "$dir/crashers" "$out/go-fuzz-$target"
		finding "go-fuzz $target" "$out/go-fuzz-$target"
	fi
}
go build -o "$work/go-fuzz" github.com/dvyukov/go-fuzz/go-fuzz
gofuzz ./fuzz FuzzPolicies fuzz/corpus/policies
gofuzz ./fuzz/sequential Fuzz fuzz/sequential/corpus
if [ "$targets" -gt 2 ]; then # building one takes longer than a minute's share of fuzzing it
	gofuzz ./fuzz FuzzLocks fuzz/corpus/locks
	gofuzz ./fuzz FuzzParser fuzz/corpus/parser
	gofuzz ./bench/result FuzzRecords bench/result/corpus
fi

if [ "$found" -ne 0 ]; then
	echo "fuzz: 'cohbench fuzz convert FILE' makes a .coh file of an input, 'cohbench replay' plays it" >&2
	exit 1
fi
rm -rf "$out"
echo "fuzz: nothing found"
