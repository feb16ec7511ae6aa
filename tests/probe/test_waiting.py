"""How the time in which a test waited for a CPU is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.predicate import Bad, Contention, Ending, Good, Judgement, Match, Measured, Predicate, Run
from bisector.probe.discovery import find_predicate, options_context
from bisector.probe.fairness import doubt

MARKER = "^ok"
NOTHING: dict[str, Any] = {}


def predicate(name: str, **options: Any) -> Predicate[Any]:
    kind = find_predicate(name, Path())
    return kind(kind.Options.model_validate(options, context=options_context(Path())))


MARKERS = predicate("markers_within", pattern=MARKER, within="3s")


def run(wall: float, *markers: float, waited: float | None = None, **known: Any) -> Run:
    """A run with markers at these times, which waited for a CPU for this share of its time."""
    matches = {MARKER: tuple(Match(at, "ok") for at in markers)}
    return Run(wall, 0.5, 0.0, matches=matches, contention=Contention(waited=waited), **known)


@pytest.mark.parametrize(
    ("wall", "waited", "with_a_cpu"),
    [(8.0, None, 8.0), (8.0, 0.0, 8.0), (8.0, 0.25, 6.0), (8.0, 1.0, 0.0), (7.0, 0.25, 5.0)],
)
def test_seconds_with_a_cpu(wall: float, waited: float | None, with_a_cpu: float) -> None:
    """All waiting so far is subtracted, also from a slightly earlier time. Unknown waiting is not."""
    assert run(8.0, waited=waited).with_a_cpu(wall) == with_a_cpu


@given(wall=st.floats(0.01, 1e6), waited=st.floats(0.0, 1.0))
@settings(deadline=None)
def test_bounds_of_the_seconds_with_a_cpu(wall: float, waited: float) -> None:
    """The seconds with a CPU are between zero and the wall time."""
    assert 0.0 <= run(wall, waited=waited).with_a_cpu(wall) <= wall


@pytest.mark.parametrize(
    ("wall", "marker", "waited", "kind"),
    [
        (3.4, 3.3, 0.2, Good),
        (3.4, 3.3, None, Bad),
        (3.4, 3.3, 0.0, Bad),
        (3.4, 3.3, 0.08, Bad),
        (2.9, 2.8, None, Good),
        (9.0, 8.9, 0.65, Bad),
        (9.0, 8.9, 0.67, Good),
    ],
)
def test_a_marker_late_by_waiting_alone(
    wall: float, marker: float, waited: float | None, kind: type[Judgement]
) -> None:
    """A marker is in time if it would have been in time without the waiting, as far as that is known."""
    seen = run(wall, marker, waited=waited)
    assert isinstance(MARKERS.watch(seen), kind)
    ended = run(wall, marker, waited=waited, ending=Ending.EXITED, exit_code=0)
    assert isinstance(MARKERS.judge(ended, None), kind)


@pytest.mark.parametrize(
    ("wall", "waited", "is_over"),
    [
        (2.9, None, False),
        (3.1, None, True),
        (3.1, 0.0, True),
        (3.4, 0.2, False),
        (3.74, 0.2, False),
        (3.76, 0.2, True),
        (29.0, 0.9, False),
        (31.0, 0.9, True),
    ],
)
def test_the_time_for_markers_is_over(wall: float, waited: float | None, is_over: bool) -> None:
    """A test without its marker is bad once its time without waiting is over, and not before."""
    found = MARKERS.watch(run(wall, waited=waited))
    assert found == (Bad("0 of 1 marker within 3 s") if is_over else None)


def test_markers_that_came_are_counted_without_the_waiting() -> None:
    """A marker that was late only because of waiting counts, and one that was really late does not."""
    three = predicate("markers_within", pattern=MARKER, within="3s", count=3)
    assert three.watch(run(5.0, 3.5, 4.8, waited=0.3)) == Bad("1 of 3 markers within 3 s")


@given(waited=st.floats(0.0, 0.95), seconds=st.floats(0.1, 6.0), comes=st.booleans())
@settings(deadline=None)
def test_a_crowd_changes_no_answer(waited: float, seconds: float, comes: bool) -> None:
    """A test that waited gets the same judgement as one that always had a CPU."""
    wall = seconds / (1 - waited)
    crowded = MARKERS.watch(run(wall, *[wall] * comes, waited=waited))
    alone = MARKERS.watch(run(seconds, *[seconds] * comes, waited=0.0))
    assert type(crowded) is type(alone) or seconds == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("name", "options", "judgement", "known", "doubted"),
    [
        pytest.param(
            "markers_within", NOTHING, Bad("late"), {"ending": Ending.JUDGED}, False, id="its time was over"
        ),
        pytest.param(
            "markers_within",
            NOTHING,
            Bad("missing"),
            {"ending": Ending.EXITED, "exit_code": 1},
            True,
            id="ended by itself without its markers",
        ),
        pytest.param(
            "markers_within", NOTHING, Bad("late"), {"ending": Ending.TIMEOUT}, True, id="the hunt's timeout"
        ),
        pytest.param(
            "markers_within", NOTHING, Good("in time"), {"ending": Ending.JUDGED}, False, id="came in time"
        ),
        pytest.param(
            "output_matches",
            {"pattern": MARKER, "when": "good"},
            Bad("no line"),
            {"ending": Ending.JUDGED},
            True,
            id="a predicate that does not allow for waiting",
        ),
        pytest.param(
            "wall_time",
            NOTHING,
            Measured(1.5, "slower"),
            {"ending": Ending.EXITED, "exit_code": 0},
            False,
            id="wall time",
        ),
        pytest.param(
            "all_of",
            {"of": [{"name": "markers_within"}, {"name": "output_matches", "pattern": "x", "when": "good"}]},
            Bad("late"),
            {"ending": Ending.JUDGED},
            True,
            id="several, of which one does not allow for waiting",
        ),
    ],
)
def test_what_waiting_throws_doubt_on(
    name: str, options: dict[str, Any], judgement: Judgement, known: dict[str, Any], doubted: bool
) -> None:
    """A judgement is doubted if waiting may have caused it and the predicate did not subtract the waiting."""
    why = doubt(predicate(name, **options), judgement, [run(10.0, waited=0.4, **known)])
    assert why == ("it waited for a CPU 40% of its time" if doubted else None)


def test_waiting_that_could_not_be_taken_off() -> None:
    """If the run's own waiting is unknown, signs of load put late markers in doubt."""
    crowd = Contention(pressure=0.9, cpu_share=0.1)
    late = Run(10.0, 1.0, 0.0, ending=Ending.JUDGED, contention=crowd)
    assert doubt(MARKERS, Bad("late"), [late]) is not None
    assert doubt(MARKERS, Good("in time"), [late]) is None
