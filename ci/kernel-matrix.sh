#!/usr/bin/env bash
# Asks the running kernel, on one file system after another, whether direct IO,
# buffered IO and mappings of one file stay coherent. Prints one table, file
# system by finding, and keeps it with a plot (matrix.html) beside the run
# directories of each. A second table, litmus.txt, has the answers of the litmus
# suite, test by file system, with direct writes held where that can be done.
#
# Usage: ci/kernel-matrix.sh [--short] [--seconds N] [--out DIR] [FILE-SYSTEM...]
#
#   --short      three file systems unless some are named, one second per case,
#                no stores beside direct writes, and only the litmus tests of
#                stores: a minute or two
#   --seconds N  measured per case (default 3, or 1); there are 11 cases per file
#                system (8 with --short)
#   --out DIR    where the results go, must not exist (default cohbench-matrix-DATE)
#   FILE-SYSTEM  of those that --list prints (default all of them)
#
# It needs root, for loop devices and mounts. It makes its images in a directory
# of its own below TMPDIR (/var/tmp; a tmpfs is quicker) and mounts them in a mount namespace of its
# own, so that nobody else sees them and they go when it ends, however it ends.
# Of a run that was killed only the directory stays; the next run removes that, and
# nothing else.
#
# Exit status: 0 the table is complete, whatever it says; 1 a control showed
# something, so that either this program or the kernel is wrong in a way that
# must be understood first; 2 usage; 3 nothing could be run here.
set -euo pipefail

all=(ext4 ext4-journal xfs btrfs btrfs-nodatasum ext2 overlay f2fs tmpfs)
few=(ext4 xfs tmpfs)
racing=direct-write+store
beside=direct-write+store-beside
reading=direct-write+load
controls=direct-only,mixed-one-lock

die() { # status text...
	local status=$1
	shift
	echo "error: $*" >&2
	exit "$status"
}

seconds= out="" chosen=() short=
while [ $# -gt 0 ]; do
	case $1 in
	--short) short=--short ;;
	--seconds | --out)
		[ $# -ge 2 ] || die 2 "$1 wants a value"
		if [ "$1" = --out ]; then out=$2; else seconds=$2; fi
		shift
		;;
	--list) printf '%s\n' "${all[@]}" && exit 0 ;;
	-*) die 2 "unknown option $1" ;;
	*)
		[[ " ${all[*]} " == *" $1 "* ]] || die 2 "unknown file system $1: there are ${all[*]}"
		chosen+=("$1")
		;;
	esac
	shift
done
if [ "$short" ]; then seconds=${seconds:-1}; else seconds=${seconds:-3}; fi
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die 2 "--seconds $seconds: want a number of seconds"
if [ ${#chosen[@]} = 0 ]; then
	if [ "$short" ]; then chosen=("${few[@]}"); else chosen=("${all[@]}"); fi
fi
out=$(realpath -m "${out:-cohbench-matrix-$(date +%Y%m%d-%H%M%S)}")
[ ! -e "$out" ] || die 3 "$out exists already: name another with --out"
[ "$(id -u)" = 0 ] || die 3 "root is needed, for loop devices and mounts"
for tool in go unshare flock losetup setpriv; do
	command -v "$tool" >/dev/null || die 3 "no $tool command"
done

# Once more, in a mount namespace of our own.
if [ "${COHBENCH_MATRIX_NAMESPACE:-}" != "$$" ]; then
	export COHBENCH_MATRIX_NAMESPACE=$$
	exec unshare --mount --propagation private -- "$0" $short --seconds "$seconds" --out "$out" "${chosen[@]}" ||
		die 3 "no mount namespace can be had"
fi
unset COHBENCH_MATRIX_NAMESPACE
cd "$(dirname "$0")/.."

# A work directory belongs to whoever holds the lock in it: this script and what
# it starts. One that nobody holds was left by a run that was killed.
base=${TMPDIR:-/var/tmp}
marker=.cohbench-matrix
sweep() {
	local left
	for left in "$base"/cohbench-matrix-work-*; do
		[ -f "$left/$marker" ] && [ -O "$left" ] && [ ! -L "$left" ] || continue
		flock --nonblock "$left/$marker" true || continue
		echo "removing what a killed run left: $left" >&2
		release "$left"
		rm -rf --one-file-system "$left"
	done
}
# release detaches loop devices from images below a directory. Those of mounts
# go by themselves; one may remain that was never mounted.
release() {
	losetup --list --noheadings --output NAME,BACK-FILE | while read -r device image; do
		case $image in "$1"/*) losetup --detach "$device" || true ;; esac
	done
}
work= pid=
cleanup() {
	if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
	wait
	[ -n "$work" ] || return 0
	unmount_all
	release "$work"
	rm -rf --one-file-system "$work"
}
unmount_all() {
	local at
	for at in overlay disk; do
		if mountpoint -q "$work/$at"; then umount "$work/$at" || umount -l "$work/$at"; fi
	done
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

sweep
work=$(mktemp -d -p "$base" cohbench-matrix-work-XXXXXX)
exec 9>"$work/$marker"
flock 9

mkdir "$work/disk" "$work/overlay"
go build -o "$work/cohbench" ./cmd/cohbench
mkdir -p "$out"
why= # a file system cannot be had

# format makes an image and mounts it: format TYPE PACKAGE MOUNT-OPTIONS MKFS-OPTION...
format() {
	local type=$1 package=$2 options=$3
	shift 3
	if ! command -v "mkfs.$type" >/dev/null; then
		why="no mkfs.$type: apt-get install $package"
		return 1
	fi
	rm -f "$work/image"
	truncate -s 512M "$work/image"
	if ! "mkfs.$type" "$@" "$work/image" >"$work/messages" 2>&1 ||
		! mount -t "$type" -o "loop,$options" "$work/image" "$work/disk" >"$work/messages" 2>&1; then
		why=$(head -n 1 "$work/messages")
		return 1
	fi
}

# provide mounts a file system and sets dir to where its files go.
provide() {
	dir=$work/disk
	case $1 in
	ext4) format ext4 e2fsprogs defaults -q -F ;;
	ext4-journal) format ext4 e2fsprogs data=journal -q -F ;;
	ext2) format ext2 e2fsprogs defaults -q -F ;;
	xfs) format xfs xfsprogs defaults -q -f ;;
	btrfs) format btrfs btrfs-progs defaults -q -f ;;
	btrfs-nodatasum) format btrfs btrfs-progs nodatasum -q -f ;;
	f2fs) format f2fs f2fs-tools defaults -q -f ;;
	overlay)
		format ext4 e2fsprogs defaults -q -F || return 1
		mkdir "$work"/disk/{lower,upper,work}
		dir=$work/overlay
		if ! mount -t overlay -o "lowerdir=$work/disk/lower,upperdir=$work/disk/upper,workdir=$work/disk/work" \
			overlay "$dir" >"$work/messages" 2>&1; then
			why=$(head -n 1 "$work/messages")
			return 1
		fi
		;;
	tmpfs)
		if ! mount -t tmpfs -o size=256m tmpfs "$dir" >"$work/messages" 2>&1; then
			why=$(head -n 1 "$work/messages")
			return 1
		fi
		;;
	esac
}

# measure runs everything in dir. Stores beside what is written want a file in
# which a block is not soon written again, and has room for large folios.
measure() {
	run "$out/$1" --engine kernel --workload "$racing,$reading,$controls" --block 64k --size 1m || return 1
	[ "$short" ] || run "$out/$1.beside" --engine kernel,kernel-huge --workload "$beside" --block 4k --size 16m
}

# run is one run of cohbench, which ends if this script is killed.
run() { # results option...
	local results=$1 status=0
	shift
	setpriv --pdeathsig TERM "$work/cohbench" run --set round=50ms --reps 1 --duration "${seconds}s" --dir "$dir" --out "$results" "$@" \
		>"$work/table" 2>"$work/messages" &
	pid=$!
	wait "$pid" || status=$?
	pid=
	if [ "$status" != 0 ]; then
		why="cohbench ended with status $status: $(grep -E '^(error|panic|fatal error|SIG)' "$work/messages" | head -n 1)"
		return 1
	fi
	measured+=("$results")
}

# ask puts the litmus suite to the file system in dir.
ask() {
	local tests=() tries=(--shots 100 --free 1000)
	[ -z "$short" ] || { tests=('store-*' lost-update) && tries=(--shots 20 --free 50); }
	local status=0
	setpriv --pdeathsig TERM "$work/cohbench" litmus "${tests[@]}" --engine kernel --dir "$dir" "${tries[@]}" \
		--limit 10m --json >"$out/$1.jsonl" 2>"$work/messages" &
	pid=$!
	wait "$pid" || status=$?
	pid=
	if [ "$status" != 0 ]; then
		rm -f "$out/$1.jsonl"
		why="the litmus tests ended with status $status: $(grep -E '^(error|panic|fatal error|SIG)' "$work/messages" | head -n 1)"
		return 1
	fi
	asked+=("$out/$1.jsonl")
}

measured=() missing=() asked=()
for fs in "${chosen[@]}"; do
	echo "== $fs ($SECONDS s)" >&2
	why=
	provide "$fs" && measure "$fs" && ask "$fs" || missing+=("$fs: not run: $why")
	unmount_all
done

status=3
if [ ${#measured[@]} -gt 0 ]; then
	status=0
	"$work/cohbench" report --matrix "$out" "${measured[@]}" >"$work/matrix" || status=$?
	echo "Measured for $seconds s per case, ${racing} in blocks of 64 KiB on 1 MiB, ${beside} in blocks of 4 KiB on 16 MiB." >>"$work/matrix"
else
	: >"$work/matrix"
fi
[ ${#missing[@]} = 0 ] || printf '%s\n' "${missing[@]}" >>"$work/matrix"
tee "$out/matrix.txt" <"$work/matrix"
if [ ${#asked[@]} -gt 0 ]; then
	echo
	"$work/cohbench" litmus --from "$(IFS=, && echo "${asked[*]}")" | tee "$out/litmus.txt"
fi
[ "$status" != 3 ] || die 3 "no file system could be measured"
echo "matrix.html, reports and plots are in $out" >&2
exit "$status"
