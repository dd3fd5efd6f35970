#!/bin/bash
# Runs `stitch-pg $COMMAND` with a flag a line of ARGUMENTS; the outcome goes to the job's outputs and its summary.
set -euo pipefail
flags=()
while IFS= read -r flag; do
  [ -z "$flag" ] || flags+=("$flag")
done <<<"$ARGUMENTS"
report=$RUNNER_TEMP/stitch-pg-report.json
said=$RUNNER_TEMP/stitch-pg.txt
rm -f "$report"
code=0
stitch-pg "$COMMAND" --no-input --report "$report" ${flags[0]+"${flags[@]}"} 2>&1 | tee "$said" || code=$?
result=
[ ! -s "$report" ] || result=$(jq -r .result "$report")
{
  echo "exit-code=$code"
  echo "result=$result"
  echo "report=$report"
} >>"$GITHUB_OUTPUT"
# Four backquotes: what is in between may have three.
{
  echo "### stitch-pg $COMMAND: ${result:-exit code $code}"
  echo '````text'
  cat "$said"
  echo '````'
} >>"$GITHUB_STEP_SUMMARY"
exit "$code"
