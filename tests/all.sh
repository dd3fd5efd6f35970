#!/bin/sh
# all.sh [ARGUMENTS]: installs what is missing on this machine, prepares the test bed and runs all tests.
# The arguments go to `cargo test`. Without root the tests that need it say that they are skipped.
set -eu
cd "$(dirname "$0")/.."
tests/setup-system.sh --tests
tests/bed/prepare.sh || echo "The test bed is not complete: tests that need more of it say that they are skipped." >&2
exec cargo test --locked --no-fail-fast "$@"
