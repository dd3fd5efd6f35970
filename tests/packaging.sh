#!/bin/sh
# packaging.sh: builds what a release consists of for this machine, installs each in a root of its own and runs its demo.
# The program in them is not optimised, which takes a third of the time; everything else is as in a release.
set -eu
cd "$(dirname "$0")/.."
tests/setup-system.sh --packaging
tools=$PWD/target/packaging-tools
PATH=$tools/bin:$PATH
have() { command -v "$1" >/dev/null 2>&1; }
{ have cargo-deb && have cargo-generate-rpm; } ||
  CARGO_TARGET_DIR=$tools/build cargo install --quiet --debug --locked --no-default-features --root "$tools" \
    cargo-deb@3.8.0 cargo-generate-rpm@0.21.1
export PATH CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 CARGO_PROFILE_RELEASE_OPT_LEVEL=0
rm -rf target/packages
tests/packaging/build.sh "$(uname -m)-unknown-linux-musl" target/packages
tests/packaging/try.sh target/packages
