"""A program whose first run fills a cache and takes three times as long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import bisector
from tests.git_history import Node, write_history

_TEST = """
import os, time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
if not os.path.exists(".cache"):
    work(0.4)
    os.mkdir(".cache")
work(0.2 if int(open("n").read()) < 4 else 0.4)
"""


@pytest.mark.alone
def test_slow_first_runs_hide_no_step(tmp_path: Path) -> None:
    """A step of 2x is found at `ratio: 1.4`, although cold runs differ by less."""
    nodes = [Node(f"c{at}", [f"c{at - 1}"] if at else [], {"n": str(at), "t.py": _TEST}) for at in range(6)]
    ids = write_history(tmp_path / "repo", nodes)
    hunt = ["--good", "main~5", "--test", "python3 t.py", "--predicate", "wall_time"]
    done = bisector("run", *hunt, "--set", "predicate.ratio=1.4", "--json", folder=tmp_path / "repo")
    assert (json.loads(done.stdout)["first_bad"], done.returncode) == (ids["c4"], 0)
    assert "first runs are slower: 1 discarded" in done.stderr
