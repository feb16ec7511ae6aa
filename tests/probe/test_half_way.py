"""Verdict runs that end halfway to the limit at which the runs of the bad endpoint ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.predicate import Bad, Contention, Ending, Good, Match, Predicate, Run
from bisector.probe.discovery import find_predicate
from bisector.probe.early import CLEAR, Endpoints, watching
from bisector.probe.reading import Reading, Role
from bisector.probe.supervision import Watch

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MIB = 1 << 20
MARKER = "^ok"


def predicate(name: str, **options: Any) -> Predicate[Any]:
    kind = find_predicate(name, Path())
    return kind(kind.Options.model_validate(options))


OOM = predicate("no_oom")
STATUS = predicate("exit_status")
MARKERS = predicate("markers_within", pattern=MARKER, count=2, within="100s")
LINE = predicate("output_matches", pattern=MARKER)


def held(mib: float | None, ending: Ending | None = None, wall: float = 1.0) -> Run:
    """A run that used this much memory."""
    return Run(wall, 0.5, 0.0, None if mib is None else round(mib * MIB), ending=ending)


def took(wall: float, ending: Ending | None = None, waited: float | None = 0.0) -> Run:
    """A run that took these seconds, and waited for a CPU for this share of them."""
    return Run(wall, 0.5, 0.0, 5 * MIB, ending=ending, contention=Contention(waited=waited))


def marked(run: Run, *times: float) -> Run:
    """The run with markers at these times."""
    return replace(run, matches={MARKER: tuple(Match(at, "ok") for at in times)})


def ends(good: Sequence[Run | None], bad: Sequence[Run | None]) -> Endpoints:
    """The readings of these runs."""
    return Endpoints(
        tuple(Reading("good", Role.PREMISE, Good(""), NOW, run) for run in good),
        tuple(Reading("bad", Role.PREMISE, Bad(""), NOW, run) for run in bad),
    )


def watch_of(one: Predicate[Any], good: Sequence[Run | None], bad: Sequence[Run | None]) -> Watch:
    """The watcher of a verdict run between these endpoints."""
    return watching(one.watch, one, ends(good, bad), None)


def test_half_way_to_the_memory_limit() -> None:
    """A run continues below the middle between the most of good and the least of bad, and is bad above."""
    good = [held(4, Ending.EXITED), held(5, Ending.EXITED), held(1, Ending.EXITED)]
    watch = watch_of(OOM, good, [held(300, Ending.MEMORY_LIMIT), held(256, Ending.MEMORY_LIMIT)])
    assert watch(held(30)) is None
    found = watch(held(40))
    assert isinstance(found, Bad)
    assert found.at_least == pytest.approx(8.0)
    assert "stopped at 40 MiB" in found.why and "need 5 MiB at most" in found.why


def test_time_says_nothing_where_memory_is_the_limit() -> None:
    """Neither a run that takes forever nor one whose memory is unknown is ended."""
    watch = watch_of(OOM, [held(5, Ending.EXITED)], [held(256, Ending.MEMORY_LIMIT)])
    assert watch(held(30, wall=9999.0)) is None
    assert watch(held(None, wall=9999.0)) is None


BY_TIME = pytest.mark.parametrize(
    ("one", "good", "bad"),
    [
        pytest.param(STATUS, Ending.EXITED, Ending.TIMEOUT, id="timeout"),
        pytest.param(MARKERS, Ending.JUDGED, Ending.JUDGED, id="time for markers"),
    ],
)


@BY_TIME
@pytest.mark.parametrize(
    ("wall", "waited", "said"),
    [
        (9.9, 0.0, None),
        (10.5, 0.0, "stopped at 10.5 s"),
        (19.8, 0.5, None),
        (21.0, 0.5, "stopped at 10.5 s"),
        (9999.0, None, None),
    ],
)
def test_half_way_to_the_time(
    one: Predicate[Any], good: Ending, bad: Ending, wall: float, waited: float | None, said: str | None
) -> None:
    """Waiting for a CPU does not count: a run that waited half of its time may take twice as long."""
    both = ends([took(1.0, good), took(0.2, good)], [took(100.0, bad), took(120.0, bad)])
    found = watching(lambda _run: None, one, both, None)(took(wall, waited=waited))
    if said is None:
        assert found is None
    else:
        assert isinstance(found, Bad)
        assert found.at_least == pytest.approx(10.5)
        assert said in found.why and "need 1.0 s at most" in found.why


@BY_TIME
def test_the_endpoints_waited_too(one: Predicate[Any], good: Ending, bad: Ending) -> None:
    """The middle is the same if the runs of the endpoints waited for most of their time."""
    watch = watch_of(one, [took(4.0, good, 0.75)], [took(200.0, bad, 0.5)])
    assert watch(took(9.9)) is None
    assert isinstance(watch(took(10.1)), Bad)


EXITED, TIMEOUT, MEMORY, JUDGED = Ending.EXITED, Ending.TIMEOUT, Ending.MEMORY_LIMIT, Ending.JUDGED
HELD, TOOK = held(200), took(90.0)


@pytest.mark.parametrize(
    ("one", "good", "bad", "run"),
    [
        pytest.param(OOM, [held(5, EXITED)], [held(19, MEMORY)], held(18), id="memory near good's"),
        pytest.param(STATUS, [took(5.0, EXITED)], [took(19.0, TIMEOUT)], took(18.0), id="time near good's"),
        pytest.param(OOM, [], [held(256, MEMORY)], HELD, id="no good reading"),
        pytest.param(OOM, [held(5, EXITED), None], [held(256, MEMORY)], HELD, id="good did not run"),
        pytest.param(OOM, [held(5, EXITED), held(None, EXITED)], [held(256, MEMORY)], HELD, id="good untold"),
        pytest.param(OOM, [held(5, EXITED)], [], HELD, id="no bad reading"),
        pytest.param(OOM, [held(5, EXITED)], [held(256, MEMORY), None], HELD, id="bad did not run"),
        pytest.param(OOM, [held(5, EXITED)], [held(None, MEMORY)], HELD, id="bad untold"),
        pytest.param(
            STATUS, [held(5, EXITED)], [held(256, MEMORY), took(100.0, TIMEOUT)], HELD, id="two kinds of end"
        ),
        pytest.param(
            STATUS, [took(1.0, EXITED)], [took(100.0, TIMEOUT), took(100.0, EXITED)], TOOK, id="one by itself"
        ),
        pytest.param(STATUS, [took(1.0, EXITED)], [took(100.0, EXITED)], TOOK, id="bad by itself"),
        pytest.param(STATUS, [took(1.0, EXITED)], [took(100.0, Ending.SIGNALLED)], TOOK, id="bad by signal"),
        pytest.param(STATUS, [took(1.0, EXITED)], [took(100.0, Ending.OUTPUT_LIMIT)], TOOK, id="flood"),
        pytest.param(LINE, [took(1.0, EXITED)], [took(100.0, JUDGED)], TOOK, id="judged, but not by time"),
        pytest.param(STATUS, [took(1.0, EXITED, None)], [took(100.0, TIMEOUT)], TOOK, id="good's waiting"),
        pytest.param(STATUS, [took(1.0, EXITED)], [took(100.0, TIMEOUT, None)], TOOK, id="bad's waiting"),
        pytest.param(
            STATUS, [took(1.0, EXITED)], [took(100.0, TIMEOUT)], took(90.0, waited=None), id="own waiting"
        ),
        pytest.param(
            MARKERS, [took(1.0, JUDGED, None)], [took(100.0, JUDGED, None)], TOOK, id="markers' waiting"
        ),
    ],
)
def test_what_goes_on(one: Predicate[Any], good: list[Run | None], bad: list[Run | None], run: Run) -> None:
    """No run is ended if good is near the limit, or if the need of good or the limit of bad is unknown."""
    assert watch_of(one, good, bad)(run) is None


@pytest.mark.parametrize(
    ("one", "good", "bad", "run"),
    [
        pytest.param(OOM, held(5, EXITED), held(21, MEMORY), held(18), id="memory"),
        pytest.param(STATUS, took(5.0, EXITED), took(21.0, TIMEOUT), took(18.0), id="timeout"),
        pytest.param(MARKERS, took(5.0, JUDGED), took(21.0, JUDGED), took(18.0), id="time for markers"),
    ],
)
def test_what_is_just_clear(one: Predicate[Any], good: Run, bad: Run, run: Run) -> None:
    """A bad endpoint a little more than four times as far as good is far enough."""
    assert isinstance(watch_of(one, [good], [bad])(run), Bad)


def test_the_predicate_goes_first() -> None:
    """A marker that comes after the middle makes the run good. One of two markers does not."""
    watch = watch_of(MARKERS, [took(1.0, JUDGED)], [took(100.0, JUDGED)])
    assert isinstance(watch(marked(took(50.0), 1.0, 50.0)), Good)
    assert isinstance(watch(marked(took(50.0), 50.0)), Bad)
    killed = replace(held(200), oom_kills=1)
    found = watch_of(OOM, [held(5, EXITED)], [held(256, MEMORY)])(killed)
    assert isinstance(found, Bad) and found == OOM.watch(killed)


def test_without_endpoints_the_predicate_alone_watches() -> None:
    """If the hunt gives no endpoints, only the predicate decides."""
    watch = watching(OOM.watch, OOM, None, None)
    assert watch(held(9999)) is None
    assert isinstance(watch(replace(held(5), oom_kills=1)), Bad)


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Amounts of every order of magnitude, with equal weight."""
    return st.floats(math.log(low), math.log(high)).map(math.exp)


SOME = st.lists(amounts(0.1, 1e5), min_size=1, max_size=4)


@settings(deadline=None)
@given(good=SOME, bad=SOME, factor=amounts(0.2, 5.0), waited=st.sampled_from([0.0, 0.3, 0.9]))
def test_ended_from_half_way_on(good: list[float], bad: list[float], factor: float, waited: float) -> None:
    """A run never ends below sqrt(good's most * bad's least) or twice good's most, and always above both."""
    half_way = math.sqrt(max(good) * min(bad))
    reached = half_way * factor
    memory = watch_of(OOM, [held(one, EXITED) for one in good], [held(one, MEMORY) for one in bad])
    time = watch_of(STATUS, [took(one, EXITED) for one in good], [took(one, TIMEOUT) for one in bad])
    for found in (memory(held(reached)), time(took(reached / (1 - waited), waited=waited))):
        if found is None:
            assert factor < 1.0001 or half_way < 1.0001 * CLEAR * max(good)
        else:
            assert isinstance(found, Bad)
            assert found.at_least == pytest.approx(reached / max(good), rel=1e-4)
            assert factor > 0.9999 and reached > 0.9999 * CLEAR * max(good)
