"""System calls, counted by strace."""

from __future__ import annotations

import re

from .contract import Collector, CollectorOptions, Evidence, Side, Unavailable, require

_ROW = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(?P<calls>\d+)(?: +\d+)? +(?P<name>[a-z]\w*)$", re.MULTILINE)


class SystemCalls(Collector[CollectorOptions]):
    """System calls of the test's whole process tree, counted by `strace -c -f`.

    `system_calls` in total, and `system_calls.NAME`, such as `system_calls.read`.
    """

    name = "system_calls"
    runs = 3
    """Few: the counts hardly vary between runs, and strace is slow."""
    absent = 0.0

    def collect(self, side: Side) -> Evidence:
        """Run the test under strace."""
        strace = require("strace", side.environment)
        summary = side.room / "strace"
        side.run(under=(strace, "-c", "-f", "-o", str(summary)))
        calls = parse(summary.read_text(errors="replace")) if summary.exists() else {}
        if not calls:
            raise Unavailable("strace counted nothing; this machine may not permit tracing")
        each = {f"system_calls.{name}": float(number) for name, number in calls.items()}
        return Evidence({"system_calls": float(sum(calls.values())), **each}, exact=False)


def parse(summary: str) -> dict[str, int]:
    """Calls by name in the table of `strace -c`, without its total."""
    rows = {row["name"]: int(row["calls"]) for row in _ROW.finditer(summary)}
    rows.pop("total", None)
    return rows
