"""The user's command at the end of a hunt: `on_end`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import WORK, bisector, shell_history

NOTE = "env | grep ^BISECTOR_ | sort >>notes; pwd >>notes"


def on_end(command: str) -> tuple[str, ...]:
    """Options of a hunt with this command at its end."""
    return (*WORK, "--set", f"on_end={json.dumps(command)}")


def test_it_gets_the_conclusion(tmp_path: Path) -> None:
    """After the report is written, it runs in the folder of the hunt with the outcome in its environment."""
    ids = shell_history(tmp_path / "repo")
    repo = tmp_path / "repo"
    done = bisector("run", "--json", "--name", "mine", *on_end(NOTE), folder=repo)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["report"]
    assert (repo / "notes").read_text().splitlines() == [
        f"BISECTOR_COMMIT={ids['c8']}",
        "BISECTOR_CONCLUSION=first-bad",
        "BISECTOR_EXIT_CODE=0",
        f"BISECTOR_FIRST_BAD={ids['c8']}",
        "BISECTOR_HUNT=mine",
        f"BISECTOR_REPORT={report}",
        str(repo),
    ]
    assert Path(report).exists()


def test_every_conclusion_has_an_end(tmp_path: Path) -> None:
    """A hunt that finds no regression runs it too, without a first bad commit."""
    shell_history(tmp_path / "repo")
    done = bisector("run", *on_end(NOTE), "--bad", "main~5", folder=tmp_path / "repo")
    assert done.returncode == 3
    notes = (tmp_path / "repo/notes").read_text()
    assert "BISECTOR_CONCLUSION=no-regression\nBISECTOR_EXIT_CODE=3\nBISECTOR_FIRST_BAD=\n" in notes


def test_a_hunt_found_finished_has_told_its_end(tmp_path: Path) -> None:
    """The same command again runs no `on_end`, nor does another `on_end`, which makes no other hunt."""
    shell_history(tmp_path / "repo")
    for command in ("echo first >>notes", "echo first >>notes", "echo other >>notes"):
        done = bisector("run", *on_end(command), folder=tmp_path / "repo")
        assert done.returncode == 0
    assert "remembered from" in done.stdout
    assert (tmp_path / "repo/notes").read_text() == "first\n"
    assert (
        bisector("run", "--restart", *on_end("echo again >>notes"), folder=tmp_path / "repo").returncode == 0
    )
    assert (tmp_path / "repo/notes").read_text() == "first\nagain\n"


@pytest.mark.parametrize(
    ("command", "why"),
    [("echo no route to host >&2; exit 7", "exit 7: no route to host"), ("exit 1", "exit 1")],
)
def test_its_failure_is_one_line(tmp_path: Path, command: str, why: str) -> None:
    """A command that fails is reported after the conclusion; the exit code is that of the hunt."""
    shell_history(tmp_path / "repo")
    done = bisector("run", *on_end(command), folder=tmp_path / "repo")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"on_end failed ({why}); fix it, or remove it"
