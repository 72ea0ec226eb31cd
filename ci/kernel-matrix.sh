#!/usr/bin/env bash
# Asks the running kernel, on one file system after another, whether direct IO,
# buffered IO and mappings of one file stay coherent. Prints one table, file
# system by finding, and keeps a run directory with report and plots for each.
#
# Usage: ci/kernel-matrix.sh [--short] [--seconds N] [--out DIR] [FILE-SYSTEM...]
#
#   --short      three file systems unless some are named, one second per case,
#                and no stores beside direct writes: a minute or two
#   --seconds N  measured per case (default 3, or 1); there are 15 cases per file
#                system (8 with --short)
#   --out DIR    where the results go, must not exist (default cohbench-matrix-DATE)
#   FILE-SYSTEM  of those that --list prints (default all of them)
#
# It needs root, for loop devices and mounts. It makes its images in a directory
# of its own below TMPDIR (/var/tmp; a tmpfs is quicker) and mounts them in a mount namespace of its
# own, so that nobody else sees them and they go when it ends, however it ends.
# Of a run that was killed only the directory stays; the next run removes it.
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
for tool in go unshare flock losetup; do
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
sweep
work=$(mktemp -d -p "$base" cohbench-matrix-work-XXXXXX)
exec 9>"$work/$marker"
flock 9

pid=
cleanup() {
	if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
	wait
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

# measure runs everything in dir.
measure() {
	local engines=kernel,kernel-huge workloads=$racing,$beside,$reading,$controls
	if [ "$short" ]; then engines=kernel workloads=$racing,$reading,$controls; fi
	"$work/cohbench" run --engine "$engines" --workload "$workloads" \
		--block 64k --size 1m --set round=50ms --reps 1 --duration "${seconds}s" --dir "$dir" --out "$out/$1" \
		>"$work/table" 2>"$work/messages" &
	pid=$!
	local status=0
	wait "$pid" || status=$?
	pid=
	if [ "$status" != 0 ]; then
		why="cohbench ended with status $status: $(grep '^error' "$work/messages" | head -n 1)"
		return 1
	fi
}

# row sums up one run directory: of rounds, how many showed what, with the 95 %
# bound where none did.
row() {
	awk -v name="$1" -v racing="$racing" -v beside="$beside" -v reading="$reading" '
	function num(key) { return match($0, "\"" key "\":[0-9]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : 0 }
	function text(key) { return match($0, "\"" key "\":\"[^\"]*\"") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5) : "" }
	function max(a, b) { return a > b ? a : b }
	function share(k, n) {
		if (n == 0) return "-"
		return k > 0 ? sprintf("%d/%d %.2g%%", k, n, 100 * k / n) : sprintf("0/%d <%.2g%%", n, 300 / n)
	}
	{
		w = text("workload"); e = text("engine"); io = text("io")
		if (text("status") != "ok") bad = bad " " e "/" w ":" text("status")
		stale = num("stale_rounds"); lost = num("loss_rounds"); eio = num("eio_rounds"); quiet = num("quiet_eio")
		group = w == racing ? "race" : w == beside ? (e == "kernel-huge" ? "huge" : "small") : w == reading ? "read" : "control"
		rounds[group] += num("rounds"); stales[group] += stale; losts[group] += lost; quiets[group] += quiet
		silent[group] += lost - (eio - quiet) # every loss that no sync announced
		any[group] += max(stale, max(lost, eio)) # at least: which rounds they share is not known
	}
	END {
		printf "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s\n", name, io,
			share(stales["race"], rounds["race"]), share(losts["race"], rounds["race"]), share(silent["race"], rounds["race"]), share(quiets["race"], rounds["race"]),
			share(any["huge"], rounds["huge"]), share(any["small"], rounds["small"]), share(any["read"], rounds["read"]),
			share(any["control"], rounds["control"]), bad
		exit any["control"] > 0
	}' "$out/$1/results.jsonl"
}

echo "file system|direct IO|stale|lost|lost silently|EIO, no loss|beside, huge|beside|loads|controls|not ok" >"$work/rows"
status=1 alarms=()
for fs in "${chosen[@]}"; do
	echo "== $fs ($SECONDS s)" >&2
	why=
	if provide "$fs" && measure "$fs"; then
		row "$fs" >>"$work/rows" || alarms+=("$fs")
		status=0
	else
		echo "$fs|not run: $why" >>"$work/rows"
	fi
	unmount_all
done

{
	echo "Linux $(uname -r), $(nproc) CPUs, ${seconds} s per case, 64 KiB blocks. Rounds in which something was found, of all rounds;"
	echo "where none, a bound at 95 %. 'beside': stores beside what is written directly, with and without huge pages."
	echo
	awk -F'|' '
	{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (NF > 2 && length($i) > width[i]) width[i] = length($i) } cells[NR] = NF }
	END {
		for (r = 1; r <= NR; r++) {
			line = ""
			for (i = 1; i <= cells[r]; i++) line = line sprintf("%-" (width[i] + 2) "s", cell[r, i])
			sub(/ +$/, "", line)
			print line
		}
	}' "$work/rows"
} | tee "$out/matrix.txt"
echo "reports and plots are in $out" >&2

if [ ${#alarms[@]} -gt 0 ]; then
	die 1 "a control showed something on ${alarms[*]}: nothing else in the table can be believed before that is understood"
fi
[ "$status" = 0 ] || die 3 "no file system could be measured"
