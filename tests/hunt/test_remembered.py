"""What still counts from an earlier start of a hunt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bisector.hunt.conclusion import (
    SPENT,
    AnyOf,
    BadIsGood,
    Conclusion,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
)
from bisector.hunt.journal import HuntRow
from bisector.hunt.remembered import counts, earlier, edited, lasts, why_not
from bisector.predicate import Bad, Good, Judgement, Undecided, Untestable
from bisector.probe.reading import Reading, Role

CONFIRMED, UNCONFIRMED = FirstBad("c", 0.99, confirmed=True), FirstBad("c", 0.99, confirmed=False)
NOT_AS_SAID = [NoRegression("w"), GoodIsBad("w"), BadIsGood("w"), MergeBaseIsBad("m", "w")]
UNCLEAR = [UNCONFIRMED, AnyOf(("a", "b"), (0.5, 0.5)), Inconclusive("contradictory")]
STOPPED = [None, Inconclusive(SPENT)]


def reading(judgement: Judgement, role: Role = Role.SEARCH) -> Reading:
    """A reading of a commit."""
    return Reading("c", role, judgement, datetime.now(UTC))


def test_only_a_confirmed_first_bad_commit_lasts() -> None:
    """The machine may be the cause of every other conclusion."""
    assert lasts(CONFIRMED)
    assert not any(map(lasts, [*NOT_AS_SAID, *UNCLEAR, *STOPPED]))


@pytest.mark.parametrize("conclusion", [*STOPPED, *UNCLEAR])
def test_verdicts_of_the_search_are_kept(conclusion: Conclusion | None) -> None:
    """A hunt that was stopped or gave no clear answer does not start its search again."""
    assert counts(reading(Good("w")), conclusion)
    assert counts(reading(Bad("w")), conclusion)


@pytest.mark.parametrize("conclusion", UNCLEAR)
@pytest.mark.parametrize("role", [Role.PREMISE, Role.CONFIRMATION, Role.MERGE_BASE])
def test_without_a_clear_answer_the_endpoints_are_read_again(conclusion: Conclusion, role: Role) -> None:
    """Readings of the premise and of the confirmation are taken again."""
    assert not counts(reading(Bad("w"), role), conclusion)
    assert not counts(reading(Untestable("the build fails (exit 2): no")), conclusion)


@pytest.mark.parametrize("conclusion", NOT_AS_SAID)
@pytest.mark.parametrize("role", list(Role))
def test_a_hunt_whose_endpoints_are_not_as_said_begins_anew(conclusion: Conclusion, role: Role) -> None:
    """If the endpoints were wrong, only the readings of `verify` count."""
    assert counts(reading(Good("w"), role), conclusion) == (role is Role.VERIFICATION)


@pytest.mark.parametrize("conclusion", STOPPED)
@pytest.mark.parametrize(
    ("judgement", "kept"),
    [
        (Untestable("the build fails (exit 1): a syntax error"), True),
        (Untestable("the build fails (exit 127): sh: 1: mytool: not found"), False),
        (Untestable("the build fails (exit 2): make: *** [Makefile:2: all] Error 127"), False),
        (Untestable("the build fails (exit 2): cc: No such file or directory"), False),
        (Untestable("the test was not found (exit 127)"), False),
        (Untestable("the test cannot be executed (exit 126)"), False),
        (Undecided("the machine was crowded"), False),
    ],
)
def test_a_missing_program_is_not_remembered(
    judgement: Judgement, kept: bool, conclusion: Conclusion | None
) -> None:
    """The program may exist at the next start, but a commit that does not compile stays untestable."""
    assert counts(reading(judgement), conclusion) is kept
    assert counts(reading(judgement, Role.PREMISE), conclusion) is kept


DOCUMENT = {
    "hunt": "h",
    "repository": "/r",
    "good": ["a"],
    "bad": "b",
    "first_parent": False,
    "paths": [],
    "predicate": {"name": "exit_status"},
    "build": None,
    "test": {"command": "true"},
}


def row(document: dict[str, Any], recipe: dict[str, str]) -> HuntRow:
    """A hunt in the journal."""
    return HuntRow(1, "key", "h", document, datetime.now(UTC), None, None, recipe)


def test_what_changed_is_named() -> None:
    """Ingredients that are new or different are named. An ingredient of an earlier version is called that."""
    now = {"a": "1", "b": "4", "new": "5"}
    assert why_not(row({}, {"a": "1", "b": "2"}), now).endswith(": b and new changed since")
    assert why_not(row({}, {}), now).endswith("an earlier bisector took them")


def test_an_earlier_hunt_is_found_by_how_it_is_written() -> None:
    """A key that the earlier version did not know makes no difference; a different question does."""
    newer = {**DOCUMENT, "test": {"command": "true", "keeps": []}}
    assert earlier([row(DOCUMENT, {})], newer)
    assert earlier([row({**DOCUMENT, "test": {"command": "false"}}, {})], newer) is None
    assert earlier([row({**DOCUMENT, "hunt": "other"}, {})], newer) is None


def test_an_edited_hunt_file_says_which_part() -> None:
    """The file is compared with the newest start between the same commits."""
    before = row({**DOCUMENT, "test": {"command": "false"}}, {})
    assert ": `test` changed since" in edited([before], DOCUMENT)
    assert ": the hunt file changed since" in edited([row({**DOCUMENT, "paths": ["lib"]}, {})], DOCUMENT)
    assert edited([row({**DOCUMENT, "bad": "c"}, {}), row({**DOCUMENT, "hunt": "other"}, {})], DOCUMENT) == ""
