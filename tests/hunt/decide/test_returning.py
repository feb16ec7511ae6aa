"""A difference between two times is not one between two commits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bisector.hunt.conclusion import FirstBad, Inconclusive
from bisector.hunt.decide.returning import changed_meanwhile, commit_to_return_to
from bisector.predicate import Bad, Good, Judgement
from bisector.probe.reading import Reading, Role
from bisector.terms import REGRESSION
from tests.hunt.fake_engine import FakeEngine, hunt, plan_of


def taken(runs: str) -> list[Reading]:
    """Confirmation runs such as "aB pg": the answer bad, its parent good, a second apart."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Reading(
            {"a": "answer", "p": "parent"}[run[0]],
            Role.CONFIRMATION,
            Bad("fails") if run[1] == "B" else Good("passes"),
            began + timedelta(seconds=at),
        )
        for at, run in enumerate(runs.split())
    ]


def next_of(runs: str) -> str:
    return commit_to_return_to("answer", ["parent"], taken(runs))


def test_each_commit_is_run_again_after_the_other() -> None:
    """First the answer, then its parent, in any order of the journal."""
    assert next_of("aB aB aB pg pg pg") == "answer"
    assert next_of("aB aB aB pg pg pg aB aB") == "parent"
    assert next_of("aB aB aB pg pg pg aB aB pg pg") == ""
    assert commit_to_return_to("answer", ["parent"], taken("aB aB aB pg pg pg aB aB pg pg")[::-1]) == ""


def test_a_commit_that_turned_is_run_until_that_is_clear() -> None:
    """Two passes after three failures may be chance; more of them are not."""
    turned = "aB aB aB pg pg pg ag ag"
    assert next_of(turned) == "answer"
    assert not changed_meanwhile("answer", ["parent"], taken(turned), REGRESSION)
    why = changed_meanwhile("answer", ["parent"], taken(f"{turned} ag ag ag"), REGRESSION)
    assert why.startswith("answer was judged bad 3 of 3 times until ")
    assert "and 0 of 5 times since: something that is not part of the commit decides" in why


def test_a_flaky_commit_is_believed() -> None:
    """A test that passes now and then passes in both parts."""
    flaky = "aB ag aB aB ag pg pg pg ag aB pg pg"
    assert next_of(flaky) == ""
    assert not changed_meanwhile("answer", ["parent"], taken(flaky), REGRESSION)


def test_a_file_outside_that_outlives_the_runs_of_the_answer_names_no_neighbour() -> None:
    """Each bad run leaves a file, or removes one that it finds; good commits fail as long as there is one."""
    plan = plan_of([[at - 1] if at else [] for at in range(8)])
    is_there = True

    def judge(commit: str, _against: str) -> Judgement:
        nonlocal is_there
        if commit != "good" and int(commit[1:]) >= 3:
            is_there = not is_there
            return Bad("the change")
        return Bad("the file") if is_there else Good("passes")

    found, *_ = hunt(plan, judge, engine=FakeEngine(judge, seconds=0.05))
    assert isinstance(found, Inconclusive) or (isinstance(found, FirstBad) and found.commit == "c3")
