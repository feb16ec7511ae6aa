"""The reports of real hunts also show the change and the command that runs the hunt again."""

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
    """The page lists the changed files. Its command starts the same hunt from any folder."""
    shell_history(tmp_path / "repo")
    (tmp_path / "filed.yaml").write_text(HUNT_FILE)
    ran = bisector("run", "--json", *options, folder=tmp_path / "repo")
    summary = json.loads(ran.stdout)
    changed, *patch, command = (e.text for e in Page(Path(summary["report"]).read_text()).all("pre"))
    assert "doc" in changed and "changed" in changed
    assert any("-7\n" in lines and "+8\n" in lines for lines in patch)

    program, subcommand, *again = shlex.split(command)
    assert (program, subcommand) == ("bisector", "run")
    done = bisector("run", "--json", *again, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "testing the answer from" in done.stderr, "another hunt was begun"


def test_the_newest_hunt_can_be_run_again(tmp_path: Path) -> None:
    """The report of a hunt without a name also says how to run it, without a hunt file."""
    shell_history(tmp_path / "repo")
    (tmp_path / "filed.yaml").write_text(HUNT_FILE)
    bisector("run", "-q", "-c", "filed.yaml", folder=tmp_path)
    text = bisector("report", "--scratch", "worktrees", folder=tmp_path).stdout
    command = next(line for line in text.splitlines() if line.startswith("bisector run"))
    done = bisector("run", "--json", *shlex.split(command)[2:], folder=tmp_path)
    assert "testing the answer from" in done.stderr, "another hunt was begun"


def test_the_report_for_a_chat_is_one_paragraph(tmp_path: Path) -> None:
    """`--chat` prints the answer on one line, with the path of the report that was written."""
    ids = shell_history(tmp_path / "repo")
    assert bisector("run", *WORK, folder=tmp_path / "repo").returncode == 0
    done = bisector("report", "--chat", "--html", "r.html", folder=tmp_path / "repo")
    (line,) = done.stdout.splitlines()
    assert f"first bad commit {ids['c8'][:12]}" in line
    assert line.endswith("Report: r.html")
    assert (tmp_path / "repo/r.html").exists()
