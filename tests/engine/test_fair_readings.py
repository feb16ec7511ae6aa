"""Wall-clock verdicts on a busy machine are repeated, and are never bad without a fair run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bisector.hunt_file.machine import Quiet
from bisector.predicate import Bad, Good, Undecided, Untestable
from bisector.probe.hierarchies import detect
from bisector.probe.step import Step

from .reading import lab

pytestmark = pytest.mark.alone

CPU = min(os.sched_getaffinity(0))
BURN = f"{sys.executable} -c 'import time\nwhile time.process_time() < {{}}: pass'"
"""Uses this many seconds of CPU time, however long that takes."""

needs_pressure = pytest.mark.skipif(not detect().unified, reason="needs a writable control group, version 2")


@contextmanager
def crowd(size: int = 8) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that keep the CPU of the tests busy."""
    line = ["taskset", "-c", str(CPU), "sh", "-c", "while :; do :; done"]
    # Each has its own session, because the kernel may divide a CPU between sessions (sched(7), autogroup).
    processes = [subprocess.Popen(line, start_new_session=True) for _ in range(size)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


Waiting = Callable[[Quiet, Callable[[str], None]], str | None]


def gave_up(quiet: Quiet, on_wait: Callable[[str], None]) -> str | None:
    """A machine that never gets quiet."""
    return "the machine was still busy"


def calmed_by(processes: list[subprocess.Popen[bytes]]) -> Waiting:
    """A machine that gets quiet while bisector waits for it."""

    def wait(quiet: Quiet, on_wait: Callable[[str], None]) -> str | None:
        on_wait("load per core 5")
        for process in processes:
            process.kill()
            process.wait()
        return None

    return wait


@needs_pressure
@pytest.mark.parametrize(
    ("test", "said"),
    [
        pytest.param(BURN.format(0.25), {"test__timeout": "500ms"}, id="the hunt's timeout"),
        pytest.param(f"timeout 1.5 {BURN.format(0.25)}", {}, id="the script's own timeout"),
        pytest.param(
            f"timeout 1.5 {BURN.format(0.25)} && echo '(ok-len 1'; true",
            {"predicate": "markers_within"},
            id="marker",
        ),
        pytest.param(
            f"timeout 1.5 {BURN.format(0.25)} && echo total: 9/9 || echo total: 0/0",
            {"predicate": {"name": "scoreboard", "passes": 9}},
            id="score",
        ),
        pytest.param(
            f"timeout 1.5 {BURN.format(0.25)} && echo passed; true",
            {"predicate": {"name": "output_matches", "pattern": "passed", "when": "good"}},
            id="line",
        ),
    ],
)
def test_slow_only_because_of_others(test: str, said: dict[str, object], tmp_path: Path) -> None:
    """A run that is bad only under load is repeated without load, and is then good."""
    with crowd() as others:
        engine = {"wait_for_quiet": calmed_by(others), "fair_attempts": 6}
        with lab(tmp_path, test, engine=engine, measure__cpus=[CPU], **said) as found:
            reading = found.read()
            assert isinstance(reading.judgement, Good), reading.judgement
            assert "it waited for a CPU" in found.told(Step.REPEATING)[0]
            assert found.told(Step.WAITING)[0] == "load per core 5"


@needs_pressure
@pytest.mark.parametrize(
    ("test", "said", "why"),
    [
        pytest.param(
            BURN.format(9), {"test__timeout": "500ms"}, "the hunt's timeout", id="the hunt's timeout"
        ),
        pytest.param(
            f"timeout 0.5 {BURN.format(9)}", {}, "`timeout` in a script", id="the script's own timeout"
        ),
        pytest.param(
            f"timeout 0.5 {BURN.format(9)}; echo total: 0/0",
            {"predicate": {"name": "scoreboard", "passes": 9}},
            "0 tests passed, 9 wanted",
            id="nothing captured",
        ),
    ],
)
def test_never_a_fair_run(test: str, said: dict[str, object], why: str, tmp_path: Path) -> None:
    """Without a fair run the reading is undecided: not bad, but a kind of untestable."""
    with crowd():
        engine = {"wait_for_quiet": gave_up, "fair_attempts": 2}
        with lab(tmp_path, test, engine=engine, measure__cpus=[CPU], **said) as found:
            reading = found.read()
            assert len(found.told(Step.TESTING)) == 2
            assert found.told(Step.WAITING) == ["the machine was still busy; continuing anyway"]
    assert isinstance(reading.judgement, Undecided) and isinstance(reading.judgement, Untestable)
    assert why in reading.judgement.why
    assert "but none of 2 runs was fair: it waited for a CPU" in reading.judgement.why


@needs_pressure
@pytest.mark.parametrize(
    ("test", "kind"), [("echo '(ok-len 1'; sleep 9", Good), (f"{BURN.format(0.2)}; exit 1", Bad)]
)
def test_what_a_crowd_cannot_change(test: str, kind: type, tmp_path: Path) -> None:
    """Markers in time, and the exit code of the test itself, count at once."""
    predicate = "markers_within" if kind is Good else "exit_status"
    with crowd(), lab(tmp_path, test, predicate=predicate, measure__cpus=[CPU]) as found:
        assert isinstance(found.read().judgement, kind)
        assert len(found.told(Step.TESTING)) == 1


def test_a_slow_test_alone(tmp_path: Path) -> None:
    """A test that sleeps past its timeout did not wait for a CPU, and its verdict counts at once."""
    with lab(tmp_path, "sleep 60", test__timeout="2s") as found:
        assert isinstance(found.read().judgement, Bad)
        assert len(found.told(Step.TESTING)) == 1


def test_quiet_is_waited_for_before_each_reading(tmp_path: Path) -> None:
    """The hunt's `quiet` is checked before each test, and a failure is reported."""
    asked: list[Quiet] = []

    def wait(quiet: Quiet, on_wait: Callable[[str], None]) -> str | None:
        asked.append(quiet)
        return "still busy"

    quiet = {"load_per_core": 0.25, "wait": "3s"}
    with lab(tmp_path, "true", engine={"wait_for_quiet": wait}, quiet=quiet) as found:
        found.read()
        found.read()
        assert asked == [Quiet(load_per_core=0.25, wait=3.0)] * 2
        assert [step for step, _ in found.steps][-2:] == [Step.WAITING, Step.TESTING]
