"""What a person sees that is wrong, and how a proposed hunt file judges it."""

from __future__ import annotations

from dataclasses import dataclass

FAILS, SLOW, MEMORY, HANGS, FLAKY = "fails", "slow", "memory", "hangs", "flaky"
"""The symptoms that a proposed file can hunt."""


@dataclass(frozen=True, slots=True)
class Judging:
    """The value of `predicate` on one line, and the comments above it."""

    predicate: str
    why: tuple[str, ...]


JUDGING = {
    FAILS: Judging(
        "exit_status",
        (
            "By the exit code, as `git bisect run` does. For one failure of several: add `like`;",
            "for a line of output: output_matches; for one test of many: tests. All: `bisector predicates`.",
        ),
    ),
    SLOW: Judging(
        "{name: wall_time, ratio: 1.5}",
        (
            "Compares each run with a run of the good commit, made just before; 1.5 times is a regression.",
            "`bisector check --signals` tells whether another figure finds it sooner.",
        ),
    ),
    MEMORY: Judging(
        "{name: peak_memory, ratio: 1.2}",
        ("Compares the peak memory of the process tree with the good commit; 1.2 times is a regression.",),
    ),
    HANGS: Judging(
        "{name: exit_status, like: auto}",
        (
            "A run that does not end within `timeout` is bad, and no other failure is. For a test that never",
            "ends by itself, such as a server: {name: markers_within, pattern: '^ready', within: 10s}.",
        ),
    ),
    FLAKY: Judging(
        "exit_status",
        (
            "By the exit code. Where verdicts contradict each other, bisector tests a commit again until the",
            "answer is certain.",
        ),
    ),
}
"""The predicate for each symptom before anything is measured."""

OUT_OF_MEMORY = Judging(
    "no_oom", ("Bad if the test runs out of memory, also before it reaches `test.memory`.",)
)

TIMEOUTS = {HANGS: 60}
"""Seconds of `test.timeout` where it is the symptom, until a good run has been seen."""

RUNS_OF_FLAKY = 10
"""Runs of each endpoint for a flaky test: a failure in three runs is missed once in forty."""


def timeout_after(good: float) -> int:
    """The `test.timeout` in whole seconds for a test that hangs, if a good run takes `good` seconds."""
    return max(5, round(5 * good + 0.5))
