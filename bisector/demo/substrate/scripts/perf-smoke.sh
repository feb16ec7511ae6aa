#!/usr/bin/env bash
# Runs lib/perf-smoke.sx and prints a line `NAME MILLISECONDS` for each benchmark.
ROOT=$(cd "$(dirname "$0")/.." && pwd)
SERVER="$ROOT/hosts/ocaml/_build/default/bin/sx_server.exe"
printf '(epoch 1)\n(load "%s")\n(epoch 2)\n(load "%s")\n(epoch 3)\n(perf-smoke)\n' \
  "$ROOT/spec/prelude.sx" "$ROOT/lib/perf-smoke.sx" |
  timeout 120 "$SERVER" |
  sed -n '/^(ok-len 3 /{n;s/^((//;s/))$//;s/) (/\n/g;p}'
exit "${PIPESTATUS[1]}"
