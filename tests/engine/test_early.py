"""Measured runs end as soon as they are certainly bad, with real processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bisector.predicate import Bad, Ending, Measured
from bisector.probe.early import Endpoints
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from tests.git_history import Node, write_history

from .reading import Lab, lab

BURN = "import time\nwhile time.process_time() < {seconds}: sum(range(9999))\nprint('total: 9/9')\n"
HOLD = "import time; held = bytearray({seconds} << 20); time.sleep(0.2 if {seconds} < 50 else 60)\n"
SLEEP = "import time; time.sleep({seconds})\n"
BELIEVING = {"fair_attempts": 0}


@contextmanager
def ends(
    folder: Path, program: str, good: float, bad: float, **said: Any
) -> Iterator[tuple[Lab, Endpoints, str]]:
    """A lab whose commit is bad, the readings of both endpoints, and the good commit."""
    files = [{"test.py": program.format(seconds=seconds)} for seconds in (good, bad)]
    ids = write_history(folder / "repo", [Node("good", [], files[0]), Node("bad", ["good"], files[1])])
    with lab(folder, [sys.executable, "test.py"], engine=BELIEVING, **said) as found:
        read = found.engine.read

        def twice(commit: str) -> tuple[Reading, ...]:
            return tuple(read(Request(commit, Role.PREMISE, ids["good"])) for _ in range(2))

        yield found, Endpoints(twice(ids["good"]), twice(ids["bad"])), ids["good"]


@pytest.mark.parametrize(
    ("predicate", "program", "good", "bad", "figure"),
    [
        pytest.param("per_test_user_time", BURN, 0.1, 1.4, "user", id="tests counted at the end"),
        pytest.param("wall_time", SLEEP, 0.1, 2.5, "wall", id="wall time"),
    ],
)
def test_ended_when_certain(
    predicate: str, program: str, good: float, bad: float, figure: str, tmp_path: Path
) -> None:
    """In the search, a run that comes halfway to bad's figure ends early and is bad. Others are measured."""
    with ends(tmp_path, program, good, bad, predicate=predicate) as (found, both, reference):
        reading = found.engine.read(Request(found.commit, Role.SEARCH, reference, endpoints=both))
        assert isinstance(reading.judgement, Bad)
        assert "already at" in reading.judgement.why
        assert reading.run and reading.run.ending is Ending.JUDGED
        assert getattr(reading.run, figure) < 0.7 * min(getattr(one.run, figure) for one in both.bad)
        innocent = found.engine.read(Request(reference, Role.SEARCH, reference, endpoints=both))
        assert isinstance(innocent.judgement, Measured)


@pytest.mark.parametrize(
    ("predicate", "program", "good", "bad", "said"),
    [
        pytest.param("per_test_user_time", BURN, 0.05, 60, {"test__timeout": "1s"}, id="timeout"),
        pytest.param("peak_memory", HOLD, 1, 250, {"test__memory": "200MiB"}, id="memory limit"),
    ],
)
def test_a_bad_end_at_a_limit(
    predicate: str, program: str, good: float, bad: float, said: dict[str, Any], tmp_path: Path
) -> None:
    """The figure of the bad endpoint when it was stopped at a limit is enough to end others early."""
    with ends(tmp_path, program, good, bad, predicate=predicate, **said) as (found, both, reference):
        assert {reading.run and reading.run.ending for reading in both.bad} <= {
            Ending.TIMEOUT,
            Ending.MEMORY_LIMIT,
        }
        reading = found.engine.read(Request(found.commit, Role.SEARCH, reference, endpoints=both))
        assert isinstance(reading.judgement, Bad)


def test_ends_too_near_each_other(tmp_path: Path) -> None:
    """If an unlucky good run could be judged bad, every run is measured to the end."""
    with ends(tmp_path, BURN, 0.1, 0.3, predicate="per_test_user_time") as (found, both, reference):
        reading = found.engine.read(Request(found.commit, Role.SEARCH, reference, endpoints=both))
        assert isinstance(reading.judgement, Measured)
        assert reading.run and reading.run.ending is Ending.EXITED


GOES_ON = """
import pathlib, sys, time
time.sleep({seconds})
more, code = pathlib.Path("FOLDER/then").read_text().split() if {seconds} > 0.5 else (0, 0)
time.sleep(float(more))
sys.exit(int(code))
"""


@pytest.mark.parametrize(
    ("then", "wanted", "longest"),
    [
        pytest.param("0.3 0", Measured, 9, id="ends in time"),
        pytest.param("0.3 3", Bad, 9, id="fails after all"),
        pytest.param("60 0", Bad, 9, id="takes too long"),
    ],
)
def test_a_certain_run_may_go_on_to_be_measured(
    then: str, wanted: type[object], longest: float, tmp_path: Path
) -> None:
    """It has its ratio if it ends in time. Otherwise it is as bad as if it had been ended at once."""
    (tmp_path / "then").write_text("0 0")
    program = GOES_ON.replace("FOLDER", str(tmp_path))
    with ends(tmp_path, program, 0.1, 0.9, predicate="wall_time") as (found, both, reference):
        (tmp_path / "then").write_text(then)
        ended = tuple(replace(one, judgement=Bad("ended", at_least=5.0)) for one in both.bad)
        allowed = Endpoints(both.good, ended, measured_for=2.0)
        reading = found.engine.read(Request(found.commit, Role.CONFIRMATION, reference, endpoints=allowed))
        assert isinstance(reading.judgement, wanted)
        figure = getattr(reading.judgement, "at_least", None) or getattr(reading.judgement, "value", 0)
        assert figure > 4
        assert reading.run and 1.2 < reading.run.wall < longest
