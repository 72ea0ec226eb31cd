#!/bin/sh
# Engines beside fio: direct reads and writes of one file, the oracle on.
#
#   bench/fio.sh [-dir DIR] [-out RUNS.jsonl] [-rounds 10] [-duration 2s] [-only "read, libaio"]
#
# Wants a quiet machine; all of it takes ten minutes. Exit status: 0 valid, 1 the machine was not
# quiet enough, 2 usage, 3 no fio or no direct IO.
set -eu
if ! command -v fio >/dev/null; then
	echo "error: fio is not installed" >&2
	echo "hint: install the package fio" >&2
	exit 3
fi
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/versus" ./bench/fio/versus
status=0
"$bin/versus" "$@" || status=$?
exit "$status"
