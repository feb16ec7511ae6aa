"""The tutorial's hunt, typed as it is printed."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

from bisector import demo
from tests.cli.running import bisector
from tests.docs.pages import DOCS, fences

PAGE = DOCS / "tutorial" / "first-hunt.md"


def test_the_tutorial_works(tmp_path: Path) -> None:
    """The commands of the tutorial do what it says, in a shorter history with faster tests."""
    (make,), (run,), afterwards = (text.splitlines() for text in fences(PAGE, "sh"))
    sample = tmp_path / "first-hunt"
    _typed(make, tmp_path)
    (shown,) = fences(PAGE, "yaml")
    hunt, _, _ = (sample / "hunt.yaml").read_text().partition("\ndiagnose:")
    assert hunt.partition("\n")[2] == shown

    shutil.rmtree(sample)
    truth = json.loads(demo.make(sample, "jit-miss", commits=12, workload=3).truth.read_text())
    assert f"first bad commit {truth['first_bad'][:12]}" in _typed(run, tmp_path)
    assert truth["first_bad"][:12] in (sample / "plan.md").read_text()
    for line in afterwards:
        _typed(line, sample)
    assert truth["first_bad"][:12] in (sample / "report.md").read_text()
    assert {path.name for path in sample.iterdir()} >= {
        "repo",
        "hunt.yaml",
        "plan.md",
        "truth.json",
        "worktrees",
    }


def _typed(line: str, folder: Path) -> str:
    """The output of a command line, which must succeed."""
    done = bisector(*shlex.split(line)[1:], folder=folder)
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout
