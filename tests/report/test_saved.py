"""The time that early endings saved, in every report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bisector.engine.account import Ahead
from bisector.hunt.record import HuntRecord, Reading, Role
from bisector.predicate import Bad, Ending, Good, Judgement
from bisector.report.html import html_report
from bisector.report.markdown import issue_report
from bisector.report.saved import Saved, saved
from bisector.report.summary import summary
from tests.report import factory
from tests.report.page import Page


def record_of(*early: tuple[Judgement, float], whole: dict[str, float]) -> HuntRecord:
    """A hunt with runs that ended early after these seconds, and full runs of its endpoints."""
    empty = replace(factory.verdict(), readings=[], timeout=600.0)
    ends = {"good": empty.good[0].id, "bad": empty.bad.id}

    def readings() -> Iterator[Reading]:
        for end, wall in whole.items():
            yield reading(ends[end], Role.PREMISE, Good("whole"), wall, Ending.EXITED)
        for judgement, wall in early:
            yield reading(empty.candidates[5], Role.SEARCH, judgement, wall, Ending.JUDGED)

    return replace(empty, readings=list(readings()))


def reading(commit: str, role: Role, judgement: Judgement, wall: float, ending: Ending) -> Reading:
    """A reading whose run took this long."""
    run = replace(factory.run(1.0), wall=wall, ending=ending)
    return Reading(commit, role, judgement, factory.START, run)


@pytest.mark.parametrize(
    ("early", "whole", "told"),
    [
        pytest.param([], {"good": 10.0, "bad": 90.0}, None, id="none"),
        pytest.param(
            [(Bad("b"), 20.0), (Bad("b"), 30.0)],
            {"good": 10.0, "bad": 90.0},
            "about 2 min 10 s, 2 runs stopped early",
            id="bad, by the bad endpoint",
        ),
        pytest.param(
            [(Good("g"), 4.0)], {"good": 10.0, "bad": 90.0}, "about 6.00 s, 1 run stopped early", id="good"
        ),
        pytest.param([(Bad("b"), 95.0)], {"bad": 90.0}, "about 0.00 s, 1 run stopped early", id="never less"),
        pytest.param([(Bad("b"), 60.0)], {"good": 10.0}, None, id="no full run of bad"),
    ],
)
def test_time_saved(early: list[tuple[Judgement, float]], whole: dict[str, float], told: str | None) -> None:
    """The saved time comes from the full run of the endpoint. Without one, nobody knows it."""
    found = saved(record_of(*early, whole=whole))
    assert (str(found) if found else None) == told


def test_a_kill_at_the_memory_limit_counts() -> None:
    """A run killed at the memory limit saves the rest of the test's time."""
    record = record_of(whole={"bad": 50.0})
    killed = reading(record.candidates[3], Role.SEARCH, Bad("b"), 20.0, Ending.MEMORY_LIMIT)
    assert saved(replace(record, readings=[*record.readings, killed])) == Saved(30.0, 1)


def test_all_reports_say_what_was_built_ahead() -> None:
    """Unused builds are included. If nothing was built ahead, the reports do not mention it."""
    record = replace(factory.verdict(), ahead=Ahead(9, 3, 70.0, 20.0))
    assert "9 builds prefetched (1 min 10 s), 3 unused" in issue_report(record)
    assert summary(record)["ahead"] == {
        "builds": 9,
        "unused": 3,
        "seconds": 70.0,
        "unused_seconds": 20.0,
    }
    tiles = [tile.text for tile in Page(html_report(record)).all("dt", "dd")]
    told = tiles[tiles.index("Prefetched builds") + 1]
    assert told == "9 1 min 10 s; 3 unused, 20 s"
    assert "Prefetched builds" not in html_report(factory.verdict())


def test_all_reports_say_it() -> None:
    """The Markdown and HTML reports and the JSON object have the saved time, as an estimate."""
    record = record_of((Bad("b"), 20.0), whole={"bad": 90.0})
    assert "| Saved | about 1 min 10 s, 1 run stopped early |" in issue_report(record)
    assert summary(record)["saved"] == {"seconds": 70.0, "runs": 1}
    tiles = [tile.text for tile in Page(html_report(record)).all("dt", "dd")]
    assert tiles[(at := tiles.index("Saved, about")) : at + 2] == [
        "Saved, about",
        "1 min 10 s 1 run stopped early",
    ]
