#!/usr/bin/env bash
# All checks of this repository that need nothing but Go (and, for the race
# detector, a C compiler): for whoever changes it, in their own CI or at a desk.
#
# Usage: ci/test.sh
#
# Tests that need direct IO use TMPDIR; where that is a tmpfs, set it to a
# directory on a disk.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

step() {
	printf '\n== %s (%d s)\n' "$*" "$SECONDS"
	"$@"
}

unformatted() {
	local files
	files=$(git ls-files -z -- '*.go' | xargs -0 gofmt -l)
	if [ -n "$files" ]; then
		printf 'not as gofmt has it:\n%s\n' "$files" >&2
		return 1
	fi
}

step unformatted
step go vet ./...
step env GOARCH=arm64 go vet ./...
step env GOOS=darwin go vet ./...
step go run "$staticcheck" ./...
step go mod verify
step go test ./...
step env GOMAXPROCS=1 go test -short ./...
if command -v "$(go env CC)" >/dev/null; then
	step env CGO_ENABLED=1 go test -race -short ./...
else
	printf '\nwarning: no C compiler, which go test -race needs: races were not looked for\n' >&2
fi
printf '\nall checks passed (%d s)\n' "$SECONDS"
