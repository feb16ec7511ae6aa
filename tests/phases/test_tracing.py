"""A trace of one build and one test ends in time."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from bisector import hunt_file
from bisector.hunt.ground import Ground
from bisector.phases.inputs.tracing import traced
from tests.git_history import chain, write_history

WAITS_IF_TRACED = "grep -q 'TracerPid:.0$' /proc/self/status || sleep 60"


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_test_that_strace_slows_down_ends_at_the_limit(tmp_path: Path) -> None:
    """`init` gives it a few seconds, whatever the hunt's own timeout is."""
    ids = write_history(tmp_path / "r", chain(2))
    asked = {"good": ids["c0"], "repository": str(tmp_path / "r"), "test.command": WAITS_IF_TRACED}
    ground = Ground(hunt_file.build(asked, tmp_path, None), None, os.environ)
    began = time.monotonic()
    found = traced(ground, ids["c1"], lambda _event: None, 1.0)
    assert found.trouble == "the test did not finish in time"
    assert time.monotonic() - began < 30
