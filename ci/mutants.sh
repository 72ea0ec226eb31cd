#!/usr/bin/env bash
# Plants bugs in the mechanism and hunts each with the fuzzer, with fixed seeds, and
# the litmus suite. Prints what caught which, and fails if one that was thought
# up is not caught, or if something is found in the code as it is.
#
# Usage: ci/mutants.sh                 all of the catalogue, two at a time: a minute or two
#        ci/mutants.sh -every 4        each fourth: half a minute
#        ci/mutants.sh -mechanical     those made by a program: an hour
#        ci/mutants.sh -witnesses lost-wake-up    some, with the programs that show them
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
exec go run ./cmd/mutants "$@"
