"""The start of each run of `bisector diagnose`: with the build, without files of earlier runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import bisector
from tests.git_history import Node, write_history

LEFT = {
    "an ignored file": "test -e left.db && n=9; touch left.db",
    "an untracked file": "test -e left && n=9; touch left",
    "a changed tracked file": "test $(cat tracked) = 0 || n=9; echo 1 > tracked",
    "a spent output of the build": "test -e made || n=9; rm -f made",
}

TWICE = """
from bisector.phases.evidence.contract import Collector, CollectorOptions, Evidence

class Twice(Collector[CollectorOptions]):
    name = "twice"

    def collect(self, side):
        line = r"work: (\\d+)"
        runs = [side.run(patterns=(line,)) for _ in range(2)]
        left = (side.root / "report").read_text()
        side.run("echo 5 > factor")
        runs.append(side.run(patterns=(line,)))
        works = [float(run.matches[line][0].groups[0]) for run in runs]
        figures = {f"run{at}": work for at, work in enumerate(works)}
        return Evidence({**figures, "report": float(left)}, exact=False)
"""


def diagnosed(folder: Path, test: str, *arguments: str) -> dict[str, dict[str, list[float]]]:
    """The figures of both sides for two equal commits, by name."""
    files = {".gitignore": "*.db\nmade\n", "tracked": "0", "factor": "1"}
    write_history(folder / "repo", [Node("c0", [], files), Node("c1", ["c0"], {**files, "doc": "more"})])
    hunt = {
        "hunt": "start",
        "repository": "repo",
        "good": "main~1",
        "bad": "main",
        "scratch": "scratch",
        "build": {"command": "echo made > made", "outputs": ["made"]},
        "test": {"command": f"n=1; {test}; echo work: $((n * $(cat factor)))"},
        "diagnose": {"evidence": [{"name": "counters", "pattern": "(work): (\\d+)", "runs": 3}]},
    }
    (folder / "hunt.yaml").write_text(json.dumps(hunt))
    done = bisector("diagnose", "--config", "hunt.yaml", "--json", *arguments, "main", folder=folder)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    (evidence,) = found["evidence"]
    assert not evidence["missing"]
    return dict(evidence["figures"])


@pytest.mark.parametrize("left", LEFT)
def test_no_run_finds_what_the_runs_before_it_left(tmp_path: Path, left: str) -> None:
    """The figures of the first run are equal to those of the third."""
    assert diagnosed(tmp_path, LEFT[left])["work"] == {"good": [1.0, 1.0, 1.0], "bad": [1.0, 1.0, 1.0]}


def test_a_collector_reads_what_its_run_left_and_changes_the_slot_for_itself(tmp_path: Path) -> None:
    """During one `collect`, files of the last run are there, and so are the changes of its own command."""
    (tmp_path / "twice.py").write_text(TWICE)
    found = diagnosed(tmp_path, "test -e report && n=9; echo 7 > report", "--evidence", "./twice.py")
    expected = {"run0": 1.0, "run1": 1.0, "report": 7.0, "run2": 45.0}
    for name, value in expected.items():
        assert found[name] == {"good": [value] * 6, "bad": [value] * 6}, name
