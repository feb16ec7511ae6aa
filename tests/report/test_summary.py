"""The object for `--json`."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from bisector.hunt.conclusion import Effect, Inconclusive
from bisector.report.summary import summary
from tests.report import factory

KEYS = [
    "conclusion",
    "exit_code",
    "find",
    "terms",
    "headline",
    "commit",
    "first_bad",
    "confirmed",
    "any_of",
    "likeliest",
    "steps",
    "untestable_groups",
    "descent",
    "confidence",
    "ratio",
    "interval",
    "p",
    "of",
    "unexplained",
    "at_least",
    "probes",
    "readings",
    "skipped",
    "seconds",
    "saved",
    "ahead",
    "hunt",
    "good",
    "bad",
    "reason",
    "report",
    "output",
    "here",
    "advice",
    "next",
]


@pytest.mark.parametrize("case", factory.CASES)
def test_every_key_is_always_there(case: str) -> None:
    """The object has the same keys for each conclusion and is strict JSON."""
    found = summary(factory.CASES[case]())
    assert list(found) == KEYS
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_values_of_a_first_bad_commit() -> None:
    """A confirmed measured hunt has values for every key but the set of candidates."""
    found = summary(factory.measured())
    assert found["first_bad"] == factory.commit_id(27)
    empty = ["any_of", "likeliest", "steps", "unexplained", "at_least", "saved", "ahead", "report", "here"]
    assert [k for k, v in found.items() if v is None] == empty
    assert (found["conclusion"], found["exit_code"], found["confirmed"]) == ("first-bad", 0, True)
    assert (found["probes"], found["skipped"], found["seconds"]) == (7, 1, 745.0)


def test_an_inconclusive_hunt_names_its_likeliest_commits() -> None:
    """Each of the most probable commits has its probability."""
    record = factory.CASES["inconclusive"]()
    assert isinstance(record.conclusion, Inconclusive)
    pairs = zip(record.conclusion.candidates, record.conclusion.probabilities, strict=True)
    likeliest = [{"commit": commit, "probability": probability} for commit, probability in pairs]
    assert summary(record)["likeliest"] == likeliest != []


def test_values_of_the_others() -> None:
    """Keys without a meaning are null: no commit, no confidence, no end."""
    any_of, none, unfinished = (summary(factory.CASES[c]()) for c in ("any_of", "none", "unfinished"))
    assert (any_of["first_bad"], any_of["exit_code"], any_of["confirmed"]) == (None, 4, None)
    assert isinstance(any_of["any_of"], list) and len(any_of["any_of"]) == 5
    assert (none["exit_code"], none["confidence"], none["interval"]) == (3, None, [0.97, 1.05])
    assert (unfinished["conclusion"], unfinished["exit_code"], unfinished["seconds"]) == (None, None, None)


def test_unbounded_interval_is_null() -> None:
    """JSON has no infinity."""
    record = replace(factory.none(), premise=Effect(1.0, 0.5, math.inf, 2), conclusion=None)
    assert summary(record)["interval"] == [0.5, None]


def test_a_single_pair_has_no_interval() -> None:
    """Its ratio is there, its interval is null."""
    record = replace(factory.none(), premise=Effect(11.0, 0.0, math.inf, 1), conclusion=None)
    assert (summary(record)["ratio"], summary(record)["interval"]) == (11.0, None)
