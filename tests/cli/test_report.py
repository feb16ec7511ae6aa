"""What the reports of real hunts hold beyond the record: the change, and the command that runs it again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.running import WORK, bisector, shell_history
from tests.report.page import Page

HUNT_FILE = """\
hunt: filed
repository: repo
good: main~11
bad: main
build: {command: sh build.sh, timeout: 5m, outputs: [out]}
test: {command: "sh test.sh # it's \\"quoted\\"", timeout: 1m}
environment: {set: {GREETING: "a b = c"}}
"""
COMMAND_LINE = (*WORK, "--timeout", "90s", "--set", "environment.set.GREETING='a b = c'")


@pytest.mark.parametrize("options", [COMMAND_LINE, ("-c", "../filed.yaml", "--set", "confidence=0.95")])
def test_the_report_names_the_change_and_the_command(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The page of a hunt lists the files changed; its command, typed anywhere, is the very same hunt."""
    shell_history(tmp_path / "repo")
    (tmp_path / "filed.yaml").write_text(HUNT_FILE)
    ran = bisector("run", "--json", *options, folder=tmp_path / "repo")
    summary = json.loads(ran.stdout)
    changed, command = (e.text for e in Page(Path(summary["report"]).read_text()).all("pre"))
    assert "doc" in changed and "changed" in changed

    program, subcommand, *again = shlex.split(command)
    assert (program, subcommand) == ("bisector", "run")
    done = bisector("run", "--json", *again, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["seconds"] == summary["seconds"], "another hunt was begun"


def test_the_newest_hunt_can_be_run_again(tmp_path: Path) -> None:
    """Also a report of a hunt that is not named says how to run it, without its hunt file."""
    shell_history(tmp_path / "repo")
    (tmp_path / "filed.yaml").write_text(HUNT_FILE)
    first = json.loads(bisector("run", "--json", "-c", "filed.yaml", folder=tmp_path).stdout)
    text = bisector("report", "--scratch", "worktrees", folder=tmp_path).stdout
    command = next(line for line in text.splitlines() if line.startswith("bisector run"))
    done = bisector("run", "--json", *shlex.split(command)[2:], folder=tmp_path)
    assert json.loads(done.stdout)["seconds"] == first["seconds"], "another hunt was begun"


def test_the_report_for_a_chat_is_one_paragraph(tmp_path: Path) -> None:
    """`--chat` prints the answer on one line, with the path of the report that was written beside it."""
    ids = shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, folder=tmp_path / "repo").returncode == 0
    done = bisector("report", "--chat", "--html", "r.html", folder=tmp_path / "repo")
    (line,) = done.stdout.splitlines()
    assert f"first bad commit {ids['c8'][:12]}" in line
    assert line.endswith("Report: r.html")
    assert (tmp_path / "repo/r.html").exists()
