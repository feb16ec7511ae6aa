#!/usr/bin/env bash
# Runs the whole plan on the sample history: quantify, check, run, diagnose, verify, alarm, deadlines.
# Usage: demo-plan.sh FOLDER [SCENARIO [COMMITS [WORKLOAD]]]; `bisector` is taken from PATH.
set -uo pipefail

folder=$1 scenario=${2:-env-copy} commits=${3:-60} workload=${4:-25}

# Not every cause slows the micro-benchmarks down enough for the alarm.
[ "$scenario" = env-copy ] && before_the_fix=1 || before_the_fix='[01]'

# step CODE WORDS...: prints and runs a command, and exits if its exit code is not CODE.
step() {
  local expected=$1 ended
  shift
  printf '\n\033[1m$ %s\033[0m\n' "$*"
  "$@"
  ended=$?
  [[ $ended == $expected ]] && return
  echo "demo-plan: '$*' exited with $ended, expected $expected" >&2
  exit 1
}

phase() { printf '\n\033[1;36m== %s\033[0m\n' "$1"; }

step 0 bisector demo make "$folder" --scenario "$scenario" --commits "$commits" --workload "$workload" --phases
cd "$folder" || exit 1

phase "Phase 1: reproduce and quantify"
step 0 bisector quantify --guests all
phase "Phase 2: bisect"
step 0 bisector check --config tcl
step 0 bisector run --config tcl
phase "Phase 3: diagnose"
step 0 bisector diagnose --config tcl
phase "Phase 5: verify; the regressed tip fails, the branch fix passes"
step 1 bisector verify --guests all --fix architecture -q
step 0 bisector verify --guests all --fix fix
step 0 bisector deadlines --guests all
phase "Phase 6: the alarm, with references from the good commit; before and after the fix"
step 0 bisector alarm --config smoke.yaml --update --commit baseline
step "$before_the_fix" bisector alarm --config smoke.yaml --commit architecture
step 0 bisector alarm --config smoke.yaml --commit fix
phase "The plan file"
step 0 bisector plan --file plan.md --config tcl
sed -n '/^## Progress log/,$p' plan.md | grep '^### '
