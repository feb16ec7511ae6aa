"""Instructions that the test executes, compared with the good endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from bisector.predicate import Ending, Judgement, Run, Tool, ToolMissing, Untestable

from .counting_tools import BY_PERF, BY_VALGRIND, LOST, MAYBE_TWICE, SLOWER, perf, valgrind
from .figures import RatioOptions, RatioPredicate

TWICE = 0.005
"""Largest share of a count that may have been counted twice."""


class InstructionsOptions(RatioOptions):
    """Options of `instructions`."""

    source: Literal["auto", "perf", "valgrind"] = Field(
        "auto",
        description="What counts: the hardware counters, through `perf`, or `valgrind`. `auto` takes perf "
        "if this machine lets it count, otherwise valgrind.",
    )


class Instructions(RatioPredicate[InstructionsOptions]):
    """User-mode instructions of the whole process tree, the same in every run of most programs.

    Other work on the machine does not change the count, so one run of a commit is enough. `perf stat` counts
    without slowing the test down, but needs hardware counters, which most virtual machines lack. Otherwise
    `valgrind` counts, and the test takes 20 to 50 times as long: use a short test. Under valgrind, the hunt's
    `test.timeout` is 50 times as long.

    bisector sets PYTHONHASHSEED and PERL_HASH_SEED to 0 unless you set them, and turns address space
    randomisation off under perf where it may. A run that does not finish in time, fails with an exit code
    that is not in `exits`, or loses a part of the count is untestable.
    """

    name = "instructions"
    repeats = True
    Options = InstructionsOptions

    def tool(self, environment: Mapping[str, str]) -> Tool:
        """The first of perf and valgrind that can count here."""
        source = self.options.source
        if source != "valgrind" and (found := perf(environment)):
            return found
        if source != "perf" and (slow := valgrind(environment)):
            return slow
        raise ToolMissing(_NEEDED[source])

    @property
    def missing(self) -> str:
        """Why a run has no count."""
        return (
            "left no count of its instructions, because a process was killed before it ended, or runs "
            "under neither perf nor valgrind"
        )

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The ratio; untestable too if a count is not exact or the two are from different sources."""
        if baseline is not None:
            for name, one in (("the reference's run", baseline), ("the run", run)):
                if why := _inexact(one):
                    return Untestable(f"{name} {why}")
            if _source(run) and _source(baseline) and _source(run) != _source(baseline):
                return Untestable(f"{_source(run)} counted this run, but {_source(baseline)} the reference's")
        return super().judge(run, baseline)

    def _figure_of(self, run: Run) -> float | str:
        """The figure, or why there is none; the time limit is not the one that the user wrote."""
        if run.ending is Ending.TIMEOUT and _source(run) == "valgrind":
            limit = f"{SLOWER:.0f} times the hunt's timeout"
            return f"did not finish within {run.wall:.0f} s under valgrind, {limit}"
        return super()._figure_of(run)

    def figure(self, run: Run) -> float | None:
        """The number of instructions."""
        if run.counts.get(LOST):
            return None
        return next((run.counts[key] for key in _KEYS if key in run.counts), None)

    def say(self, figure: float) -> str:
        """In millions."""
        return f"{figure / 1e6:,.6g} million instructions"


_KEYS = {BY_PERF: "perf", BY_VALGRIND: "valgrind"}
_NEEDED = {
    "auto": "`instructions` needs valgrind, which is not on PATH (`perf` cannot count on this machine); "
    "install the package `valgrind`, or use another predicate such as `user_time`",
    "perf": "`source: perf` needs the program `perf` and a machine whose hardware counters it may read "
    "(sysctl kernel.perf_event_paranoid at most 2); try `perf stat -e instructions:u true`, or use "
    "`source: valgrind`",
    "valgrind": "`source: valgrind` needs valgrind, which is not on PATH; install the package `valgrind`",
}


def _source(run: Run) -> str:
    return next((source for key, source in _KEYS.items() if key in run.counts), "")


def _inexact(run: Run) -> str:
    """Why too much of a run's count may be counted twice; empty if not."""
    counted, twice = run.counts.get(BY_VALGRIND, 0.0), run.counts.get(MAYBE_TWICE, 0.0)
    if twice <= TWICE * counted:
        return ""
    return (
        "forks processes that start no other program, and valgrind counts what their parent did again "
        f"(up to {twice / counted:.0%} of the count); use `user_time`, or a machine where perf can count"
    )
