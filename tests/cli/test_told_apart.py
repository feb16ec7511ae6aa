"""Hunts without a hunt file: their names, the commands that go on, and who may read their files."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
from pathlib import Path

from tests.cli.running import BISECTOR, bisector
from tests.cli.test_first_try import GOOD, history
from tests.git_history import git


def test_two_hunts_have_names_and_ranges(tmp_path: Path) -> None:
    """From the test command; hunts of one command differ by their ranges, and the newest is NAME."""
    ids = history(tmp_path / "r", check_sh="test ! -f bug\n")
    for good in ("main~7", "main~6"):
        bisector("run", "-q", "--good", good, "--test", "sh check.sh", folder=tmp_path / "r")
    bisector("run", "-q", *GOOD, "--test", "test ! -f bug", folder=tmp_path / "r")
    rows = json.loads(bisector("status", "--json", folder=tmp_path / "r").stdout)["hunts"]
    assert [row["hunt"] for row in rows] == ["test-bug", "check", "check"]
    assert [row["good"] for row in rows] == [[ids["c1"]], [ids["c2"]], [ids["c1"]]]
    shown = bisector("status", folder=tmp_path / "r").stdout
    assert f"{ids['c2'][:7]}..{ids['c8'][:7]}" in shown
    compared = bisector("compare", "check", "check~1", folder=tmp_path / "r")
    assert compared.returncode == 0, compared.stderr
    assert f"{ids['c2'][:12]}..{ids['c8'][:12]}" in compared.stdout


def test_the_name_changes_no_identity(tmp_path: Path) -> None:
    """A hunt of an earlier bisector, which called it `hunt`, goes on."""
    history(tmp_path / "r", check_sh="test ! -f bug\n")
    work = (*GOOD, "--test", "sh check.sh")
    bisector("run", "-q", *work, "--name", "hunt", folder=tmp_path / "r")
    again = bisector("run", *work, folder=tmp_path / "r")
    assert "remembered from" in again.stdout
    rows = json.loads(bisector("status", "--json", folder=tmp_path / "r").stdout)["hunts"]
    assert [row["hunt"] for row in rows] == ["check"]
    named = bisector("run", *work, "--name", "mine", folder=tmp_path / "r")
    assert "remembered from" not in named.stdout


def test_advice_without_a_hunt_file_is_a_command(tmp_path: Path) -> None:
    """In `check --json`, and in a later report that does not name the hunt."""
    history(tmp_path / "r", check_sh=". ./.env || exit 3\n", _gitignore=".env\n")
    (tmp_path / "r/.env").write_text("x=1\n")
    found = bisector("check", "--json", *GOOD, "--test", "bash check.sh", folder=tmp_path / "r")
    (advice,) = json.loads(found.stdout)["advice"]
    command = "bisector run --good 'main~7' --test 'bash check.sh' --set 'overlay=[{file: .env, to: .env}]'"
    assert advice["command"] == command
    report = bisector("report", folder=tmp_path / "r").stdout
    assert "--test 'bash check.sh'" in report.partition("To run this hunt again")[0]


def test_files_of_a_hunt_are_for_the_user_alone(tmp_path: Path) -> None:
    """What tests printed is in logs, journal and report; a test may use another user's programs in a slot."""
    history(tmp_path / "r", check_sh="test ! -f bug\n")
    scratch = tmp_path / "scratch"
    line = ["run", "-q", *GOOD, "--test", "stat -c %a . .. ../..; sh check.sh", "--scratch", str(scratch)]
    subprocess.run(
        ["/bin/sh", "-c", 'umask 022; exec "$@"', "sh", *BISECTOR, *line], cwd=tmp_path / "r", check=True
    )
    for path in (scratch / "logs", scratch / "reports", *(scratch / "logs").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    assert stat.S_IMODE((scratch / "journal.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o755
    logs = [log.read_text() for log in (scratch / "logs").rglob("*.log")]
    assert "755\n755\n755\n" in logs[0]


def test_a_journal_that_exists_keeps_its_permissions(tmp_path: Path) -> None:
    """The user may have shared it."""
    history(tmp_path / "r")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    sqlite3.connect(scratch / "journal.sqlite").close()
    (scratch / "journal.sqlite").chmod(0o664)
    work = ("--test", "test ! -f bug", "--scratch", str(scratch))
    assert bisector("run", "-q", *GOOD, *work, folder=tmp_path / "r").returncode == 0
    assert stat.S_IMODE((scratch / "journal.sqlite").stat().st_mode) == 0o664


def test_a_bisection_without_checkout_has_the_untracked_script(tmp_path: Path) -> None:
    """`git bisect start --no-checkout` probes in a slot, which has only the files of the commit."""
    ids = history(tmp_path / "r")
    (tmp_path / "r/check.sh").write_text("test ! -f bug\n")
    git(tmp_path / "r", "bisect", "start", "--no-checkout", "main", "main~7")
    probe = [*BISECTOR, "probe", "--test", "sh check.sh"]
    out = git(tmp_path / "r", "bisect", "run", *probe)
    assert f"{ids['c5']} is the first bad commit" in out
