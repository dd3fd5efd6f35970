#!/bin/sh
# install.sh [--to FOLDER]: downloads stitch-pg @VERSION@ for this machine, verifies its signature and its checksum, and
# installs the program in FOLDER: /usr/local/bin for root, else ~/.local/bin.
# Wants curl or wget, tar, sha256sum or shasum, and ssh-keygen (OpenSSH 8.1 or newer), which verifies the signature.
set -eu

repository=@REPOSITORY@
version=@VERSION@
key='@KEY@'

fail() {
  echo "install.sh: $1" >&2
  [ -z "${2-}" ] || echo "Next: $2" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

download() {
  case $repository in https://*) only='=https' ;; *) only='=http,https' ;; esac
  if have curl; then
    curl -fsSL --retry 3 --proto "$only" -o "$1" "$base/$1"
  else
    wget -q -O "$1" "$base/$1"
  fi || fail "cannot download $base/$1" "check the address and your proxy (https_proxy), then run it again"
}

# All of it is a function that the last line calls: a script that arrives in part does nothing.
main() {
  folder=$HOME/.local/bin
  [ "$(id -u)" != 0 ] || folder=/usr/local/bin
  if [ "${1-}" = --to ] && [ $# -eq 2 ]; then
    folder=$2
  elif [ $# -ne 0 ]; then
    fail "usage: install.sh [--to FOLDER]"
  fi
  case $key in ssh-*) ;; *) fail "this is the template" "take install.sh from a release" ;; esac
  case $(uname -s)-$(uname -m) in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) fail "there is no build for $(uname -s) on $(uname -m)" "build it from a clone: cargo install --locked --path ." ;;
  esac
  have curl || have wget || fail "neither curl nor wget is here" "install curl"
  have ssh-keygen || fail "ssh-keygen is not here, so the signature cannot be verified" "install OpenSSH's client"
  if have sha256sum; then sum=sha256sum; elif have shasum; then sum='shasum -a 256'; else fail "neither sha256sum nor shasum is here"; fi

  base=$repository/releases/download/v$version
  name=stitch-pg-$version-$target
  program=$folder/stitch-pg
  if [ -L "$program" ] || { [ -e "$program" ] && ! grep -q stitch-pg "$program"; }; then
    fail "$program is not a stitch-pg" "remove it, or choose another folder with --to"
  fi
  work=$(mktemp -d)
  new=
  trap 'rm -rf "$work"; [ -z "$new" ] || rm -f "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  here=$PWD
  cd "$work"
  download SHA256SUMS
  download SHA256SUMS.sig
  printf 'release@stitch-pg namespaces="stitch-pg-release" %s\n' "$key" >signers
  ssh-keygen -Y verify -f signers -I release@stitch-pg -n stitch-pg-release -s SHA256SUMS.sig <SHA256SUMS >verified 2>&1 ||
    fail "the signature of SHA256SUMS is not the release key's ($(tail -n 1 verified))" "do not use these files; tell the maintainers"
  download "$name.tar.gz"
  grep -F "  $name.tar.gz" SHA256SUMS >wanted || fail "SHA256SUMS does not name $name.tar.gz"
  $sum -c wanted >verified 2>&1 || fail "$name.tar.gz is not what SHA256SUMS says" "run it again; do not use this file"
  tar -xzf "$name.tar.gz"
  found=$("$name/stitch-pg" --version) || fail "the program does not run on this machine"
  [ "$found" = "stitch-pg $version" ] || fail "the archive holds $found, not $version"

  cd "$here"
  mkdir -p "$folder"
  new=$(mktemp "$folder/.stitch-pg.XXXXXX")
  cat "$work/$name/stitch-pg" >"$new"
  chmod 755 "$new"
  mv -f "$new" "$program"
  new=
  echo "Installed $found in $folder (signature and checksum verified)."
  case :$PATH: in *":$folder:"*) echo "Next: stitch-pg" ;; *) echo "Next: $program" ;; esac
}
main "$@"
