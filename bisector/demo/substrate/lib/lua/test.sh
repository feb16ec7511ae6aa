#!/usr/bin/env bash
# Lua on SX: all suites in one server, under a watchdog of so many seconds.
. "$(dirname "$0")/../guest/run.sh"
run_suites "timeout 300" lua core
