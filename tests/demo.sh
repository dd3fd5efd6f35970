#!/bin/sh
# demo.sh [ARGUMENTS]: installs what is missing on this machine, builds stitch-pg and runs its demo.
set -eu
cd "$(dirname "$0")/.."
tests/setup-system.sh
exec cargo run --locked -- demo "$@"
