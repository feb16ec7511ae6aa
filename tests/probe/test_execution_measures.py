"""Times, memory and markers of the whole process tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.probe.execution import Limits
from bisector.probe.hierarchies import Hierarchies

from .running import limited, owned, run

BURN = """
import os, sys, time
while time.process_time() < 0.25:
    pass
open(sys.argv[1], "w").write(str(time.process_time()))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "burn.py").write_text(BURN)
    return tmp_path


@pytest.mark.alone
@owned
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("$PYTHON burn.py a; $PYTHON burn.py b", id="waited for"),
        pytest.param("sh -c '$PYTHON burn.py a & $PYTHON burn.py b'", id="one orphaned"),
        pytest.param("(setsid $PYTHON burn.py a &) ; (setsid $PYTHON burn.py b &)", id="all orphaned"),
    ],
)
def test_cpu_time_of_the_tree(hierarchies: Hierarchies, line: str, folder: Path) -> None:
    """Children that nobody waits for count too."""
    line += "; while [ ! -s a ] || [ ! -s b ]; do sleep 0.1; done"
    found = run(line, folder, limits=Limits(60), hierarchies=hierarchies).run
    burnt = sum(float((folder / name).read_text()) for name in "ab")
    assert burnt * 0.95 < found.user + found.system < burnt + 0.3
    assert found.contention.cpu_share == pytest.approx((found.user + found.system) / found.wall)


@pytest.mark.alone
@owned
def test_cpu_time_of_a_killed_child(hierarchies: Hierarchies, folder: Path) -> None:
    """The time of a process that is killed at the end of the run counts."""
    line = "$PYTHON -c 'while True: pass' & sleep 0.8"
    found = run(line, folder, limits=Limits(60), hierarchies=hierarchies).run
    assert 0.2 < found.user < found.wall + 0.1


@owned
def test_peak_memory_of_the_tree(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """The memory of two processes at the same time is added."""
    hold = "$PYTHON -c 'import time; held = bytearray(60 << 20); time.sleep(0.5)'"
    found = run(f"{hold} & {hold} & wait", tmp_path, limits=Limits(60), hierarchies=hierarchies).run
    assert found.peak_memory is not None
    assert 120 << 20 < found.peak_memory < 170 << 20
    assert found.memory_source


@limited
def test_page_cache_is_no_memory_of_the_test(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """Files that the test writes and reads do not count as its memory."""
    line = "head -c 100000000 /dev/zero > file; cat file > /dev/null"
    found = run(line, tmp_path, limits=Limits(60), hierarchies=hierarchies).run
    assert found.peak_memory is not None and found.peak_memory < 20 << 20


@limited
def test_page_cache_hides_no_memory_of_the_test(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """A test that frees its memory and then writes files used that memory nevertheless."""
    hold = "$PYTHON -S -c 'import time; held = bytearray(80 << 20); time.sleep(0.5)'"
    line = f"{hold}; head -c 80000000 /dev/zero > file"
    found = run(line, tmp_path, limits=Limits(60), hierarchies=hierarchies).run
    assert found.peak_memory is not None and 80 << 20 < found.peak_memory < 120 << 20


def test_times_of_markers(tmp_path: Path) -> None:
    """Each matching line is kept with its groups and its time."""
    line = "echo ok 1; sleep 0.3; echo ok 2; printf 'ok 3'"
    found = run(line, tmp_path, patterns=[r"^ok (\d)", "never"]).run
    first, second, third = found.matches[r"^ok (\d)"]
    assert [match.groups for match in (first, second, third)] == [("1",), ("2",), ("3",)]
    assert first.at < 0.25 < 0.3 <= second.at <= third.at <= found.wall
    assert found.matches["never"] == ()


def test_markers_in_the_middle_of_a_flood(tmp_path: Path) -> None:
    """Markers are also found in output that is not kept."""
    line = "yes | head -c 2000000; echo; echo marker; yes | head -c 2000000"
    found = run(line, tmp_path, patterns=["^marker$"]).run
    assert len(found.matches["^marker$"]) == 1
    assert "marker" not in found.output
