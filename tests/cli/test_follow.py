"""`bisector status --follow`: a running hunt, line by line, from another terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cli.running import BISECTOR, WORK, bisector, shell_history


def test_each_new_reading_is_a_line_until_the_hunt_ends(tmp_path: Path) -> None:
    """It begins with what runs, prints what comes after that, and ends with the conclusion."""
    ids = shell_history(tmp_path / "repo")
    gate = tmp_path / "gate"
    end = "test $(cat out) = 0 || test $(cat out) = 11"
    test = f"{end} || until test -e {gate}; do sleep 0.1; done; sh test.sh"
    work = (*WORK[:2], *WORK[4:], "--test", test, "--scratch", "../scratch", "--name", "mine")
    scratch = ("--scratch", "../scratch")

    def readings() -> int:
        done = bisector("forget", "--list", *scratch, folder=tmp_path / "repo")
        return len([line for line in done.stdout.splitlines() if line.startswith("   ")])

    hunt = subprocess.Popen([*BISECTOR, "run", "-q", *work], cwd=tmp_path / "repo", stdout=subprocess.PIPE)
    while readings() < 2:
        assert hunt.poll() is None
    following = subprocess.Popen(
        [*BISECTOR, "status", "--follow", *scratch], cwd=tmp_path / "repo", stdout=subprocess.PIPE, text=True
    )
    assert following.stdout
    assert following.stdout.readline() == f"following mine, process {hunt.pid}: 2 readings so far\n"
    gate.touch()
    lines = following.stdout.read().splitlines()
    hunt.communicate()
    assert (hunt.returncode, following.wait(60)) == (0, 0)
    assert lines.pop() == "mine: first-bad"
    assert [int(line.split()[0]) for line in lines] == list(range(3, len(lines) + 3))
    assert len(lines) >= 5
    words = {line.split()[2]: line.split()[3] for line in lines}
    assert (words[ids["c7"][:12]], words[ids["c8"][:12]]) == ("good", "bad")


def test_nothing_runs(tmp_path: Path) -> None:
    """Without a running hunt it says so at once, also for a hunt that is named."""
    shell_history(tmp_path / "repo")
    work = (*WORK, "--scratch", "../scratch")
    assert bisector("check", "-q", *work, folder=tmp_path / "repo").returncode == 0
    done = bisector("status", "--follow", "--scratch", "../scratch", folder=tmp_path / "repo")
    assert (done.returncode, done.stdout) == (0, f"no hunt is running in {tmp_path}/scratch\n")
    done = bisector("status", "--follow", "--name", "mine", *work, folder=tmp_path / "repo")
    assert (done.returncode, done.stdout) == (0, f"no hunt mine is running in {tmp_path}/scratch\n")


def test_lines_are_not_json(tmp_path: Path) -> None:
    """The two options contradict each other."""
    shell_history(tmp_path / "repo")
    done = bisector("status", "--follow", "--json", folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "--follow prints lines as they come; leave out --json, or --follow" in done.stderr
