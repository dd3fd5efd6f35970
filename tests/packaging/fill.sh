#!/bin/sh
# fill.sh FOLDER [KEY]: writes into FOLDER, which holds a release's files and their SHA256SUMS, what is made from the
# templates in docs/packaging: install.sh, the Homebrew formula and the AUR recipe. The address comes from Cargo.toml's
# `repository`, the one place that holds it, and the public key of releases from the file KEY (docs/packaging/release-key.pub).
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
key=${2:-$here/docs/packaging/release-key.pub}
[ -s "$key" ] || { echo "fill.sh: there is no release key; make one as docs/packaging/release.md says" >&2; exit 1; }
value() { sed -n "s/^$1 = \"\\(.*\\)\"/\\1/p" "$here/Cargo.toml" | head -n 1; }
# What a release has no archive for gets a checksum that no file has.
sum() { grep -F "  stitch-pg-$version-$1.tar.gz" "$folder/SHA256SUMS" | cut -d ' ' -f 1 | grep . || echo none; }
folder=$(cd "$1" && pwd)
repository=$(value repository) version=$(value version)
for template in install.sh stitch-pg.rb PKGBUILD; do
  sed -e "s|@REPOSITORY@|$repository|g" -e "s|@VERSION@|$version|g" -e "s|@KEY@|$(cut -d ' ' -f 1-2 "$key")|g" \
    -e "s|@LINUX_X86_64@|$(sum x86_64-unknown-linux-musl)|g" -e "s|@LINUX_AARCH64@|$(sum aarch64-unknown-linux-musl)|g" \
    -e "s|@MACOS_X86_64@|$(sum x86_64-apple-darwin)|g" -e "s|@MACOS_AARCH64@|$(sum aarch64-apple-darwin)|g" \
    "$here/docs/packaging/$template" >"$folder/$template"
done
