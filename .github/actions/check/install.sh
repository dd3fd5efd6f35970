#!/bin/bash
# Puts the release VERSION at BASE onto the search path of the steps that follow, if its checksum is right.
set -euo pipefail
archive=stitch-pg-$VERSION-$(uname -m)-unknown-linux-musl.tar.gz
folder=$(mktemp -d "$RUNNER_TEMP/stitch-pg.XXXXXX")
cd "$folder"
curl -fsSL --retry 3 -O "$BASE/$archive" -O "$BASE/SHA256SUMS"
# An archive that the list does not name is as wrong as one that differs.
grep -F "  $archive" SHA256SUMS >wanted || { echo "::error::SHA256SUMS does not name $archive"; exit 1; }
sha256sum --check --quiet wanted || { echo "::error::$archive is not what SHA256SUMS says"; exit 1; }
tar -xzf "$archive" --strip-components=1
echo "$folder" >>"$GITHUB_PATH"
