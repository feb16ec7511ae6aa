"""If the output cannot be written, the command still does its work, without a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bisector.hunt.journal import Journal
from tests.cli.running import BISECTOR, WORK, bisector, shell_history

RUN = ("run", *WORK, "--scratch", "../scratch")


def in_shell(tail: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`bisector ARGUMENTS TAIL`, with an output that TAIL redirects. Exits with bisector's own code."""
    line = f'set -o pipefail; "$@" {tail}'
    return subprocess.run(
        ["bash", "-c", line, "bash", *BISECTOR, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    "tail", ["| head -1", "| true", "2>&1 | true", "2>&1 >/dev/null | true", ">&-", "2>&-", ">&- 2>&- <&-"]
)
def test_a_hunt_goes_on_when_nobody_listens(tail: str, tmp_path: Path) -> None:
    """If the reader is gone or the output is closed, the hunt still ends with its own exit code."""
    shell_history(tmp_path / "repo")
    done = in_shell(tail, *RUN, folder=tmp_path / "repo")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "bug" not in done.stderr
    journal = Journal(tmp_path / "scratch/journal.sqlite")
    assert [row.conclusion.name for row in journal.hunts() if row.conclusion] == ["first-bad"]
    journal.close()


@pytest.mark.parametrize(("words", "code"), [("--help", 0), ("predicates", 0), ("schema", 0), ("status", 6)])
def test_other_commands_end_as_ever(words: str, code: int, tmp_path: Path) -> None:
    """Every other command also ends with its own exit code."""
    shell_history(tmp_path / "repo")
    heard = bisector(words, folder=tmp_path / "repo")
    unheard = in_shell("| true", words, folder=tmp_path / "repo")
    assert unheard.returncode == heard.returncode
    assert unheard.stderr == heard.stderr


def test_output_on_a_full_disk(tmp_path: Path) -> None:
    """A failed write is reported in one sentence, and the exit code is not 0."""
    shell_history(tmp_path / "repo")
    done = in_shell(">/dev/full", *RUN, folder=tmp_path / "repo")
    assert (done.returncode, done.stderr) == (
        6,
        "bisector: not all could be printed: No space left on device\n",
    )
    assert bisector(*RUN, folder=tmp_path / "repo").returncode == 0


def test_a_verdict_needs_no_reader(tmp_path: Path) -> None:
    """The exit code of `probe` is its verdict, whether or not its output is read."""
    shell_history(tmp_path / "repo")
    for tail in (">&-", "| true", ">/dev/full"):
        probe = ("probe", *WORK, "--scratch", "../scratch", "main")
        assert in_shell(tail, *probe, folder=tmp_path / "repo").returncode == 1
