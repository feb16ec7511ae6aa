"""Apparent regressions that are none: complete hunts that must not name a commit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import bisector
from tests.engine.test_fair_readings import CPU, crowd, needs_pressure
from tests.git_history import chain, write_history

SCRIPT = """\
#!/bin/sh
timeout {deadline} {python} -c '
import time
while time.process_time() < {work}: sum(range(9999))
print("total: {tests}/{tests}")' || echo "total: 0/0"
"""


def hunted(folder: Path, scripts: dict[int, str], **said: Any) -> tuple[int, dict[str, Any]]:
    """Exit code and summary of a hunt over six commits, in which test.sh changes according to `scripts`."""
    ids = write_history(folder / "repo", chain(6, {at: {"test.sh": text} for at, text in scripts.items()}))
    hunt = {"repository": "repo", "good": ids["c0"], "bad": ids["c5"], "test": {"command": "sh test.sh"}}
    (folder / "hunt.yaml").write_text(json.dumps({**hunt, "scratch": "scratch", **said}))
    done = bisector("run", "--json", "--config", "hunt.yaml", folder=folder)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def script(deadline: float, work: float, tests: int) -> str:
    """A test script with a deadline inside."""
    return SCRIPT.format(deadline=deadline, work=work, tests=tests, python=sys.executable)


@pytest.mark.parametrize(
    "predicate",
    [
        {"name": "per_test_user_time", "ratio": 1.5},
        {"name": "scoreboard", "passes": 10},
        {"name": "exit_status"},
    ],
    ids=lambda predicate: predicate["name"],
)
def test_a_watchdog_much_too_long(predicate: dict[str, Any], tmp_path: Path) -> None:
    """A deadline that was raised to 41 times the test's time, because its tests grew, is not a regression."""
    scripts = {0: script(2.0, 0.1, 10), 2: script(6.0, 0.11, 11), 4: script(5.0, 0.12, 12)}
    code, summary = hunted(tmp_path, scripts, predicate=predicate)
    assert (code, summary["conclusion"], summary["first_bad"]) == (3, "no-regression", None)


@pytest.mark.alone
@needs_pressure
@pytest.mark.parametrize(
    "predicate",
    [
        {"name": "scoreboard", "passes": 10},
        {"name": "per_test_user_time", "ratio": 1.5, "tests": "^total: \\d+/([1-9]\\d*)"},
    ],
    ids=lambda predicate: predicate["name"],
)
def test_a_deadline_inside_on_a_crowded_machine(predicate: dict[str, Any], tmp_path: Path) -> None:
    """If load makes the deadline end every test, no verdict counts, and the hunt ends with its time."""
    scripts = {0: script(1.2, 0.45, 10), 3: script(1.2, 0.46, 10)}
    said = {"measure": {"cpus": [CPU]}, "budget": {"time": "10s"}}
    said["quiet"] = {"load_per_core": 0.01, "wait": "0s"}
    with crowd():
        code, summary = hunted(tmp_path, scripts, predicate=predicate, **said)
    assert (code, summary["conclusion"], summary["first_bad"]) == (5, "inconclusive", None)
    assert "the machine was too busy" in summary["reason"]
