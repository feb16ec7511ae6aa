"""After a pause that the commit did not cause, the run does not count and is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.predicate import Ending
from bisector.probe.execution import Limits
from bisector.probe.pause import LONGEST, Paused, PauseDetector
from tests.cli.running import bisector, shell_history

from .running import run


class Clock:
    """A clock set by the test: seconds since the start, and the seconds of them spent waiting for a CPU."""

    def __init__(self) -> None:
        self.now = self.waited = 0.0

    def detector(self) -> PauseDetector:
        return PauseDetector(lambda: self.now, lambda: self.waited)


@given(
    expected=st.floats(0, 10),
    late=st.floats(0, 100),
    waited=st.floats(0, 100),
    before=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=5),
)
def test_only_what_nothing_explains_is_a_gap(
    expected: float, late: float, waited: float, before: list[tuple[float, float]]
) -> None:
    """The expected wait and the wait for a CPU are no gap, whatever came before. All other time is."""
    clock = Clock()
    detector = clock.detector()
    for seconds, queued in before:
        clock.now, clock.waited = clock.now + seconds + 0.1, clock.waited + queued
        detector.gap(seconds + 0.1)
    clock.now, clock.waited = clock.now + expected + late, clock.waited + waited
    missing = late - waited if late > LONGEST else 0.0
    found = detector.gap(expected)
    assert found == (pytest.approx(missing) if found else 0.0)
    if abs(missing - LONGEST) > 1e-6:
        assert (found > 0) is (missing > LONGEST)
    assert detector.gap(0.0) == 0.0


def test_what_a_plug_in_takes_is_no_gap() -> None:
    """Each look starts the measurement again, however long ago the last one was."""
    clock = Clock()
    detector = clock.detector()
    clock.now = 20.0
    detector.look()
    detector.require_none(0.0)
    clock.now = 20.0 + 2 * LONGEST
    with pytest.raises(Paused, match=r"bisector was paused for 1\.0 s"):
        detector.require_none(0.0)


@pytest.mark.parametrize(
    "line",
    ["kill -STOP $$", "sh -c 'kill -STOP $$; true'; true", "sh -c 'kill -STOP $$; true' & wait"],
    ids=["itself", "a child", "a child in the background"],
)
def test_a_stopped_test_is_no_timeout(line: str, tmp_path: Path) -> None:
    """A test that something has stopped gives no verdict, not even at its timeout."""
    with pytest.raises(Paused, match="something stopped or froze the command"):
        run(line, tmp_path, limits=Limits(0.9))


def test_a_test_that_stops_one_of_its_own(tmp_path: Path) -> None:
    """A test with one stopped process of its own and another that works has a normal timeout."""
    line = "sh -c 'kill -STOP $$; true' & sleep 60"
    assert run(line, tmp_path, limits=Limits(0.9)).run.ending is Ending.TIMEOUT


@pytest.mark.parametrize("often", [1, 99])
def test_bisector_itself_is_stopped(often: int, tmp_path: Path) -> None:
    """A test or build during which bisector was stopped is repeated. After three attempts it is a fault."""
    shell_history(tmp_path / "repo")
    count = tmp_path / "count"
    once = (
        f"echo . >>{count}; [ $(wc -l <{count}) -gt {often} ] || "
        "{ kill -STOP $PPID; sleep 0.7; kill -CONT $PPID; sleep 0.1; exit 1; }"
    )
    work = ("--good", "main~11", "--test", "sh test.sh", "--scratch", str(tmp_path / "scratch"))
    done = bisector("probe", *work, "--build", f"{once}; sh build.sh", "main~9", folder=tmp_path / "repo")
    if often == 1:
        assert done.returncode == 0, done.stderr
        assert "is good" in done.stdout
        count.unlink()
        done = bisector("probe", *work, "--test", f"{once}; true", "main~8", folder=tmp_path / "repo")
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 128
        assert "bisector was paused for" in done.stderr
        assert len(count.read_text().split()) == 3
