# Sourced by every guest's script: runs suites as one chain of epochs.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SERVER="$ROOT/hosts/ocaml/_build/default/bin/sx_server.exe"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# chain GUEST SUITE...: numbers the forms of the suites as epochs, after those
# that load the runtime. Suite S, test N is epoch 1000 * S + N.
chain() {
  local guest=$1 suite s=0
  shift
  printf '(epoch 1)\n(load "%s")\n' "$ROOT/spec/prelude.sx"
  printf '(epoch 2)\n(load "%s")\n' "$ROOT/lib/guest/harness.sx"
  printf '(epoch 3)\n(load "%s")\n' "$ROOT/lib/$guest/runtime.sx"
  for suite in "$@"; do
    s=$((s + 1))
    awk -v base=$((1000 * s)) '
      /^\(test /   { n++; printf "(epoch %d)\n", base + n }
      /^\(define / { printf "(epoch %d)\n", base }
      { print }' "$ROOT/lib/$guest/tests/$suite.sx"
  done
}

# report SUITE...: reads answers on stdin, passes markers on, prints the table.
report() {
  awk -v suites="$*" '
    BEGIN { n = split(suites, name, " ") }
    /^\(ok-len / { print; epoch = $2; payload = 1; next }
    /^\(error /  { print; s = int($2 / 1000); if ($2 % 1000) total[s]++; next }
    payload {
      payload = 0
      s = int(epoch / 1000)
      if (epoch % 1000) { total[s]++; if ($0 == "\"pass\"") passed[s]++; else print }
    }
    END {
      for (s = 1; s <= n; s++) {
        printf "%s: %d/%d\n", name[s], passed[s], total[s]
        p += passed[s]; t += total[s]
      }
      printf "total: %d/%d\n", p, t
      exit !(t > 0 && p == t)
    }'
}

# run_suites WATCHDOG GUEST SUITE...: the whole chain in one server, under a watchdog.
run_suites() {
  local watchdog=$1 guest=$2
  shift 2
  chain "$guest" "$@" > "$WORK/epochs"
  $watchdog "$SERVER" --stats < "$WORK/epochs" > "$WORK/answers" 2> "$WORK/counters"
  local ended=$?
  report "$@" < "$WORK/answers"
  local reported=$?
  cat "$WORK/counters"
  [ $ended -eq 0 ] && return $reported
  echo "sx_server ended with status $ended"
  return $ended
}

# scoreboard FILE: the table on stdin as JSON.
scoreboard() {
  awk -F'[: /]+' '
    /^total: /           { passed = $2; total = $3; next }
    /^[a-z-]+: [0-9]+\// { rows = rows sprintf("%s    \"%s\": {\"passed\": %d, \"total\": %d}", sep, $1, $2, $3); sep = ",\n" }
    END { printf "{\n  \"suites\": {\n%s\n  },\n  \"passed\": %d,\n  \"total\": %d\n}\n", rows, passed, total }' > "$1"
}
