"""Traps in what is judged: counters, flaky tests."""

from __future__ import annotations

from tests.worlds.draft import PATTERN, Draft, Plan
from tests.worlds.traps import trap


@trap("a counter after earlier drift", "judge", "levels", "jobs")
def counter(draft: Draft) -> None:
    """A figure that is the same in every run creeps up before and after its step."""
    draft.judge = "counter"
    draft.factor = draft.rng.choice([1.3, 1.5, 2.0, 4.0])
    creep = 0
    for _ in draft.parents:
        creep += draft.rng.random() < 0.4
        draft.drift.append(creep)
    draft.finish = 'echo "work: $value"'
    draft.hunt["predicate"] = {"name": "counter", "pattern": PATTERN, "ratio": 1.2}


@trap("judged by its output", "judge", "levels")
def output(draft: Draft) -> None:
    """A line tells it, whatever the exit code."""
    draft.builds = True
    draft.finish = 'test "$value" -lt "$limit" || echo "BUG found"; exit $(($(cat n) % 2))'
    draft.hunt["predicate"] = {"name": "output_matches", "pattern": "^BUG"}


def _fails(percent: float) -> str:
    return f"test $(od -An -N2 -tu2 /dev/urandom) -ge {round(percent / 100 * 65536)}"


@trap("flaky from the culprit on", "judge", "plans")
def flaky(draft: Draft) -> None:
    """Now and then it passes although it is bad; nobody said so."""
    percent = draft.rng.choice([40, 60, 80, 95])
    draft.finish = f'test "$value" -lt "$limit" || {_fails(percent)}'


@trap("flaky before, failing after", "judge", "plans")
def flaky_before(draft: Draft) -> None:
    """Now and then it fails although it is good; nobody said so."""
    percent = draft.rng.choice([5, 10, 20, 30])
    draft.finish = f'test "$value" -lt "$limit" && {_fails(percent)}'


@trap("flaky everywhere, without a change", "judge", "steps", "plans")
def flaky_without(draft: Draft) -> None:
    """It fails as often at good as at bad."""
    draft.steps = {}
    draft.finish = _fails(draft.rng.choice([5, 10, 20, 30, 50]))
    draft.plans = [Plan(right=frozenset({"no-regression"}))]
