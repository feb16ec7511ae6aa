"""The geometry of the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.predicate import Bad
from bisector.report.commit_graph import commit_graph
from bisector.report.drift_picture import drift_picture
from bisector.report.history_picture import history_picture
from bisector.report.scales import HistoryAxis, LogAxis, spaced
from tests.report import factory


@given(st.integers(1, 5000), st.lists(st.integers(-1, 5000)))
def test_history_axis_is_monotone(candidates: int, landmarks: Sequence[int]) -> None:
    """In a shortened history too, later commits are never left of earlier ones, and both ends are shown."""
    axis = HistoryAxis(candidates, landmarks, 10.0, 400.0)
    places = [axis.x(p) for p in range(-1, min(candidates, 300))]
    assert places == sorted(places)
    assert places[0] == 10.0
    assert axis.x(candidates - 1) == pytest.approx(400.0)


def test_bisection_of_a_long_range_stays_visible() -> None:
    """In a range of 3000 commits, the last steps of the bisection are still several pixels apart."""
    picture = history_picture(factory.measured(3000, 1777), 1000)
    places = sorted({m.x for m in picture.marks})
    assert picture.shortened
    assert min(b - a for a, b in pairwise(places)) > 5


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_log_axis(first: float, second: float) -> None:
    """Ratios are inside the axis, larger ones higher, with 2 to 12 ticks."""
    axis = LogAxis([first, second], 20.0, 220.0)
    low, high = sorted((first, second))
    assert 20.0 <= axis.y(high) <= axis.y(low) <= 220.0
    assert 2 <= len(axis.ticks()) <= 12
    assert all(20.0 - 1e-6 <= axis.y(t) <= 220.0 + 1e-6 for t in axis.ticks())


def test_spaced_prefers_the_first() -> None:
    """Labels that would overlap an earlier, more important one are dropped."""
    assert spaced([(0, "a"), (100, "b"), (20, "c"), (50, "d")], 46) == [(0, "a"), (100, "b"), (50, "d")]


@pytest.mark.parametrize("case", factory.CASES)
@pytest.mark.parametrize("width", [1000.0, 360.0])
def test_marks_lie_inside(case: str, width: float) -> None:
    """Every reading has one mark inside the drawing, at both widths."""
    record = factory.CASES[case]()
    picture = history_picture(record, width)
    assert len(picture.marks) == len(record.readings)
    for mark in picture.marks:
        assert picture.box.left <= mark.x <= picture.box.right
        assert picture.box.top <= mark.y <= picture.untestable_y
    for bar in picture.bars:
        assert 0 < bar.height <= picture.bars_bottom - picture.bars_top + 1e-9


@pytest.mark.parametrize("case", factory.CASES)
@pytest.mark.parametrize("width", [1000.0, 360.0])
def test_the_axis_names_commits(case: str, width: float) -> None:
    """Below the axis are short ids with dates, of both endpoints and of commits that were tested, apart."""
    record = factory.CASES[case]()
    picture = history_picture(record, width)
    good, bad, *inner = picture.x_ticks
    assert (good.name, bad.name) == (f"good {record.good[0].id[:8]}", f"bad {record.bad.id[:8]}")
    tested = {r.commit[:8]: r.commit for r in record.readings} | {c[:8]: c for c in record.candidates}
    for tick in inner:
        assert tick.date == record.commits[tested[tick.name]].date.date().isoformat()
    places = sorted([good.x + 40, bad.x - 40, *(tick.x for tick in inner)])
    assert all(b - a >= 80 for a, b in pairwise(places))


def test_step_is_drawn_between_parent_and_first_bad_commit() -> None:
    """The step is just left of the first bad commit, between the levels of the good and the bad readings."""
    picture = history_picture(factory.measured(), 1000)
    (_, good), (edge, _), (_, bad), _ = picture.step
    first_bad = min(m.x for m in picture.marks if m.side == "bad")
    last_good = max(m.x for m in picture.marks if m.side == "good" and m.x < first_bad)
    assert last_good < edge < first_bad
    assert min(m.y for m in picture.marks if m.side == "good") - 5 < good
    assert max(m.y for m in picture.marks if m.side == "bad") + 5 > bad
    assert bad < good


def test_verdicts_beside_values_stand_at_their_sides_level() -> None:
    """A run without a value must not look as if it had one."""
    record = factory.measured()
    at = next(i for i, r in enumerate(record.readings) if r.commit == record.candidates[-1])
    early = replace(record.readings[at], judgement=Bad("ended early"))
    readings = [*record.readings[:at], early, *record.readings[at + 1 :]]
    picture = history_picture(replace(record, readings=readings), 1000)
    assert picture.marks[at].y == picture.step[-1][1]


def test_busy_machine_and_untestable_commits_are_marked() -> None:
    """Contended runs have a ring, and untestable commits have their own lane."""
    record = factory.measured()
    picture = history_picture(record, 1000)
    busy = [r.run is not None and (r.run.contention.pressure or 0) > 0.1 for r in record.readings]
    assert [m.busy for m in picture.marks] == busy
    assert {m.y for m in picture.marks if m.side == "untestable"} == {picture.untestable_y}


def test_drift_is_the_references_own() -> None:
    """The drift picture shows the reference's time over its median, and is omitted without references."""
    record = factory.measured()
    picture = drift_picture(record, 1000)
    assert picture is not None
    references = [r.reference.user for r in record.readings if r.reference]
    assert len(picture.marks) == len(references)
    highest = min(range(len(references)), key=lambda i: picture.marks[i].y)
    assert references[highest] == max(references)
    assert drift_picture(factory.verdict(), 1000) is None


@pytest.mark.parametrize("case", factory.CASES)
def test_graph_lines_connect(case: str) -> None:
    """Each line that leaves a row below arrives at the next row, and the oldest rows have none."""
    rows = commit_graph(factory.CASES[case]()).rows
    for upper, lower in pairwise(rows):
        leaving = {line.to_lane for line in upper.lines if line.half == 1}
        arriving = {line.lane for line in lower.lines if line.half == 0}
        assert leaving == arriving
    assert not [line for line in rows[-1].lines if line.half == 1]


@pytest.mark.parametrize("case", factory.CASES)
def test_graph_counts_every_commit(case: str) -> None:
    """Rows and folded commits together are the range, and every tested commit has a row."""
    record = factory.CASES[case]()
    rows = commit_graph(record).rows
    assert len(rows) + sum(row.hidden for row in rows) == len(record.candidates) + len(record.good)
    assert {r.commit for r in record.readings} <= {row.commit for row in rows}


def test_merge_keeps_both_parents() -> None:
    """If a merge is the first bad commit, the graph shows lines to both parents, unfolded."""
    record = factory.merge()
    (row,) = [row for row in commit_graph(record).rows if row.suspect]
    down = [line for line in row.lines if line.half == 1 and line.lane == row.lane]
    assert len(down) == 2
    assert not any(line.folded for line in down)
    assert math.isclose(sum(record.posterior.values()), 1.0)
