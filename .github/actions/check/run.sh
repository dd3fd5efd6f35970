#!/bin/bash
# Runs `stitch-pg $COMMAND` with a flag a line of ARGUMENTS. The outcome goes to the job's outputs, its annotations and its summary.
set -euo pipefail
flags=()
while IFS= read -r flag; do
  [ -z "$flag" ] || flags+=("$flag")
done <<<"$ARGUMENTS"
report=$RUNNER_TEMP/stitch-pg-report.json
page=$RUNNER_TEMP/stitch-pg.md
rm -f "$report" "$page"
code=0
stitch-pg "$COMMAND" --no-input --report "$report" --format text --format github --format markdown="$page" \
  ${flags[0]+"${flags[@]}"} || code=$?
result=
[ ! -s "$report" ] || result=$(jq -r .result "$report")
{
  echo "exit-code=$code"
  echo "result=$result"
  echo "report=$report"
} >>"$GITHUB_OUTPUT"
{
  echo "### stitch-pg $COMMAND: ${result:-exit code $code}"
  echo
  [ ! -s "$page" ] || cat "$page"
} >>"$GITHUB_STEP_SUMMARY"
exit "$code"
