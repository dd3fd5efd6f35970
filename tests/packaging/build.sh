#!/bin/sh
# build.sh TARGET FOLDER: what a release consists of, for one target, into that folder:
#   stitch-pg-VERSION-TARGET.tar.gz, stitch-pg_VERSION-1_ARCH.deb, stitch-pg-VERSION-1.ARCH.rpm, SHA256SUMS (of all that is there)
# TARGET is x86_64-unknown-linux-musl or aarch64-unknown-linux-musl, where the binary is static, or on a Mac its own
# (x86_64-apple-darwin, aarch64-apple-darwin), for which there is only the archive. What is built for another
# architecture than this machine's wants cargo-zigbuild and zig (`pip install cargo-zigbuild ziglang`) and, to write
# its manual pages, the pages of a build for this machine, which is made first.
# Wants cargo-deb, cargo-generate-rpm, and for this machine's own architecture musl-gcc
# (`tests/setup-system.sh --packaging`).
set -eu
cd "$(dirname "$0")/../.."
[ $# -eq 2 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
target=$1 version=$(sed -n 's/^version = "\(.*\)"/\1/p;/^version/q' Cargo.toml)
mkdir -p "$2"
out=$(cd "$2" && pwd)
built=${CARGO_TARGET_DIR:-target}/$target/release
pages=$built/pages

# The same source makes the same archive, whenever it is made.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

case $target in
*-apple-darwin) build=build program=$built/stitch-pg ;;
"$(uname -m)"-*) build=build program=$built/stitch-pg ;;
*) build=zigbuild program=${STITCH_PG:?"names a stitch-pg that runs on this machine, to print the pages"} ;;
esac
rustup target add "$target" >/dev/null 2>&1 || echo "build.sh: rustup cannot add $target; perhaps it is there already" >&2
# The list of its crates goes into the program, for `cargo audit bin`, where the tool for that is installed.
if command -v cargo-auditable >/dev/null 2>&1; then build="auditable $build"; fi
# They are to become words.
# shellcheck disable=SC2086
cargo $build --locked --release --features vendored --target "$target"

# The pages and completions: printed by the program, so that they cannot be another version's.
rm -rf "$pages"
mkdir -p "$pages/man" "$pages/completions"
"$program" man >"$pages/man/stitch-pg.1"
sed -n 's/^stitch\\-pg\\-\([a-z]*\)(1)$/\1/p' "$pages/man/stitch-pg.1" | while read -r command; do
  "$program" man "$command" >"$pages/man/stitch-pg-$command.1"
done
"$program" completions bash >"$pages/completions/stitch-pg"
"$program" completions zsh >"$pages/completions/_stitch-pg"
"$program" completions fish >"$pages/completions/stitch-pg.fish"

name=stitch-pg-$version-$target
tree=$built/archive
rm -rf "$tree"
mkdir -p "$tree/$name"
cp "$built/stitch-pg" LICENSE README.md docs/example.toml "$tree/$name/"
cp -R "$pages/man" "$pages/completions" "$tree/$name/"
if [ "$(uname -s)" = Darwin ]; then
  tar -C "$tree" --uid 0 --gid 0 -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
  exit
fi
tar -C "$tree" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" |
  gzip -9n >"$out/$name.tar.gz"

cargo deb --quiet --no-build --no-strip --locked --target "$target" --output "$out/"
cargo generate-rpm --target "$target" --payload-compress gzip --output "$out/"

cd "$out"
# The folder's own names hold no spaces.
# shellcheck disable=SC2035
sha256sum *.tar.gz *.deb *.rpm >SHA256SUMS
