#!/usr/bin/env bash
# Erlang on SX: all suites in one server, under a watchdog; writes scoreboard.json.
. "$(dirname "$0")/../guest/run.sh"
run_suites "timeout 120" erlang eval process mailbox ring | tee "$WORK/table"
status=${PIPESTATUS[0]}
scoreboard "$(dirname "$0")/scoreboard.json" < "$WORK/table"
exit $status
