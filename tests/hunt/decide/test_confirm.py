"""The confirmation runs may contradict the claim of a search."""

from __future__ import annotations

from datetime import UTC, datetime

from bisector.hunt.decide.confirm import Answer
from bisector.predicate import Bad, Good, Judgement
from bisector.probe.reading import Reading, Role

CLAIM = Answer(commits=("c2",), probabilities=(1.0,), bad="c2", before=("c1",))


def afresh(commit: str, *judgements: Judgement) -> list[Reading]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [Reading(commit, Role.CONFIRMATION, one, at, about="c2") for one in judgements]


def test_a_claim_is_contradicted_by_its_own_runs() -> None:
    """The commit never fails again, or its parent always fails, in any order of the journal."""
    right = [*afresh("c2", Bad("b")), *afresh("c1", Good("g"))]
    assert not CLAIM.is_contradicted(right)
    assert CLAIM.is_contradicted(afresh("c2", Good("g")))
    wrong = [*afresh("c2", Bad("b")), *afresh("c1", Bad("b"))]
    assert CLAIM.is_contradicted(wrong)
    assert CLAIM.is_contradicted(wrong[::-1])


def test_runs_that_differ_contradict_nothing() -> None:
    """A commit that fails sometimes may pass once. The rate decides, in another place."""
    assert not CLAIM.is_contradicted([*afresh("c2", Good("g"), Bad("b")), *afresh("c1", Bad("b"), Good("g"))])


def test_runs_of_other_commits_do_not_count() -> None:
    """Confirmation runs of another commit, started early, say nothing about this claim."""
    assert not CLAIM.is_contradicted(afresh("c7", Good("g")))
    searched = Reading("c2", Role.SEARCH, Good("g"), datetime(2026, 1, 1, tzinfo=UTC))
    assert not CLAIM.is_contradicted([searched])
