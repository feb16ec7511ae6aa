"""Profiles: shares of functions, sampled by perf or counted by valgrind."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from bisector.hunt_file.fields import Command, Limit

from .callgrind import Profile, read_profile
from .contract import Collector, CollectorOptions, Evidence, Side, Unavailable, require
from .symbols import plain_name

LEAST = 0.1
"""Smallest share of a function in percent that becomes a figure."""

_COMM = 15
"""Characters of a program's name that the kernel keeps (proc(5), comm)."""

Tool = Literal["perf", "callgrind"]


class ProfileOptions(CollectorOptions):
    """Options of `profile`."""

    tool: Literal["auto", "perf", "callgrind"] = Field(
        "auto", description="`auto` uses perf if the machine allows it, otherwise callgrind."
    )
    reduced: Command | None = Field(
        None,
        description="Smaller workload for callgrind, which slows programs down about fifty times. It "
        "runs instead of the test. Without it, callgrind is not used.",
    )
    timeout: Limit = Field(600.0, description="Time limit for a run under callgrind.")


class CallProfile(Collector[ProfileOptions]):
    """Shares of the functions of the built program (of all programs if no output is declared).

    `self.FUNCTION` is the percentage of the function itself, `total.FUNCTION` including its callees. perf
    samples user time and gives no totals. callgrind counts instructions (`instructions` in total), which are
    the same in every run, on the workload `reduced`.
    """

    name = "profile"
    Options = ProfileOptions
    absent = 0.0
    by_default = False

    def collect(self, side: Side) -> Evidence:
        """Profile one run with the chosen tool."""
        programs = {output.name for output in side.outputs}
        if self.options.tool == "callgrind" or (self.options.tool == "auto" and not _perf_works(side)):
            return self._by_callgrind(side, programs)
        return _by_perf(side, programs)

    def _by_callgrind(self, side: Side, programs: set[str]) -> Evidence:
        if self.options.reduced is None:
            why = "perf cannot be used here" if self.options.tool == "auto" else "callgrind is slow"
            raise Unavailable(f"{why}; set `reduced`, a smaller workload for callgrind")
        valgrind = require("valgrind", side.environment)
        tool = (valgrind, "--tool=callgrind", "--trace-children=yes", "--quiet")
        under = (*tool, f"--callgrind-out-file={side.room}/callgrind.%p")
        side.run(self.options.reduced, under=under, timeout=self.options.timeout)
        profile = _sum_of(side.room, programs)
        if not profile.instructions:
            ran = " or ".join(sorted(programs)) or "anything"
            raise Unavailable(f"under callgrind, `reduced` did not run {ran}; correct the command")
        shares = {
            **_shares("self", profile.own, profile.instructions, operator.add),
            # A function's total includes its recursive calls, which have their own name.
            **_shares("total", profile.inclusive, profile.instructions, max),
        }
        figures = {"instructions": float(profile.instructions), **shares}
        return Evidence(figures, notes=("counted by callgrind on the reduced workload",))


def _sum_of(folder: Path, programs: set[str]) -> Profile:
    """The sum of the profiles of these programs in a folder."""
    own: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    for file in sorted(folder.glob("callgrind.*")):
        profile = read_profile(file.read_text(errors="replace"))
        if not programs or profile.program in programs:
            own.update(profile.own)
            inclusive.update(profile.inclusive)
    return Profile("", dict(own), dict(inclusive))


def _shares(
    kind: str, costs: Mapping[str, float], whole: float, join: Callable[[float, float], float]
) -> dict[str, float]:
    """Costs as percentages; functions whose names differ only in a compiler's number are joined."""
    merged: dict[str, float] = {}
    for symbol, cost in costs.items():
        name = plain_name(symbol)
        merged[name] = join(merged.get(name, 0.0), 100 * cost / whole)
    return {f"{kind}.{name}": min(100.0, share) for name, share in merged.items() if share >= LEAST}


def _perf_works(side: Side) -> bool:
    """Whether perf is installed and the kernel lets it sample (perf_event_paranoid, containers)."""
    try:
        under = _recording(require("perf", side.environment), side.room / "probe")
        return side.run(("true",), under=under).exit_code == 0
    except Unavailable:
        return False


def _recording(perf: str, file: Path) -> tuple[str, ...]:
    return (perf, "record", "--quiet", "--event=cpu-clock:u", "--freq=999", "-o", str(file), "--")


def _by_perf(side: Side, programs: set[str]) -> Evidence:
    perf = require("perf", side.environment)
    data = side.room / "perf.data"
    side.run(under=_recording(perf, data))
    report = (perf, "report", "--stdio", "-i", str(data), "--no-children", "-F", "sample,sym", "-t", ";")
    chosen = ("--comm", ",".join(sorted(program[:_COMM] for program in programs))) if programs else ()
    output = side.room / "report"
    side.run(
        ("sh", "-c", 'out=$1; shift; exec "$@" >"$out" 2>/dev/null', "sh", str(output), *report, *chosen)
    )
    samples = parse_perf(output.read_text(errors="replace") if output.exists() else "")
    if not samples:
        raise Unavailable("perf took no samples of the test; it is too short, or perf is not permitted here")
    shares = _shares("self", samples, sum(samples.values()), operator.add)
    return Evidence(shares, exact=False, notes=("sampled by perf",))


def parse_perf(report: str) -> dict[str, float]:
    """Samples by function in the output of `perf report -F sample,sym -t ';'`."""
    samples: dict[str, float] = {}
    for line in report.splitlines():
        count, semicolon, symbol = line.partition(";")
        if semicolon and not line.startswith("#") and count.strip().isdecimal():
            name = symbol.split("]", 1)[-1].strip()
            samples[name] = samples.get(name, 0.0) + float(count)
    return samples
