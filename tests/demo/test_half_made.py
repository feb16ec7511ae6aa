"""A sample history that cannot be written, or is incomplete, is reported and created again."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from bisector import demo
from bisector.errors import EnvironmentFault, UsageError
from tests.cli.running import BISECTOR, bisector
from tests.faults.hunting import read_only, small_disk


@pytest.mark.parametrize("place", ["file", "file/deeper", "/proc/x"])
def test_where_nothing_can_be_written(place: str, tmp_path: Path) -> None:
    """For a file, a path below a file, or a folder that cannot be created, there is one sentence."""
    (tmp_path / "file").write_text("kept")
    done = bisector("demo", "make", place, "--commits", "20", folder=tmp_path)
    assert done.returncode in (2, 6)
    assert done.stderr.startswith("bisector: ") and len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_disks_that_are_full_or_read_only(tmp_path: Path) -> None:
    """With enough space, or write access, the same command completes it."""
    with small_disk(tmp_path / "disk", "64k"), pytest.raises(EnvironmentFault):
        demo.make(tmp_path / "disk" / "made", "jit-miss", 20)
    (tmp_path / "made").mkdir()
    with read_only(tmp_path / "made"), pytest.raises(EnvironmentFault):
        demo.make(tmp_path / "made", "jit-miss", 20)
    assert demo.make(tmp_path / "made", "jit-miss", 20).truth.exists()


def test_killed_and_made_again(tmp_path: Path) -> None:
    """An incomplete history is created again, with the same commits. A complete one is never changed."""
    made = tmp_path / "made"
    process = subprocess.Popen([*BISECTOR, "demo", "make", str(made), "--commits", "300"])
    while not (made / "repo").exists() and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    demo.make(made, "jit-miss", 20)
    whole = demo.make(tmp_path / "other", "jit-miss", 20).repo.parent
    assert {path.name for path in made.iterdir()} == {path.name for path in whole.iterdir()}
    with pytest.raises(UsageError, match="is not empty"):
        demo.make(made, "jit-miss", 20)
