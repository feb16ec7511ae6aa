#!/usr/bin/env bash
# Tcl on SX: all suites in one server, under a watchdog of so many seconds.
. "$(dirname "$0")/../guest/run.sh"
run_suites "timeout 180" tcl parse eval error namespace coro idiom
