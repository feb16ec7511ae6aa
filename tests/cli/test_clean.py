"""`bisector clean` removes everything that is not in use."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from bisector.hunt.journal import Journal
from bisector.hunt.scratch import Scratch
from bisector.probe.file_lock import try_lock
from tests.cli.running import BISECTOR, WORK, bisector, shell_history, until_interrupted


def files_in(folder: Path) -> set[Path]:
    """Journal, store entries and logs."""
    found: set[Path] = set()
    for root, _, names in os.walk(folder):  # Passes over folders that a hunt deletes meanwhile.
        kept = [name for name in names if name.endswith((".sqlite", ".log"))]
        kept += [name for name in names if Path(root).name == "entries" and name.endswith(".json")]
        found.update(Path(root, name) for name in kept)
    return found


@pytest.mark.parametrize("options", [(), ("--all",)])
def test_a_hunt_that_runs_loses_nothing(tmp_path: Path, options: tuple[str, ...]) -> None:
    """`clean` names the running hunt and exits with 0, and the hunt continues to its answer."""
    ids = shell_history(tmp_path / "repo")
    scratch, begun = Scratch(tmp_path / "scratch"), tmp_path / "begun"
    go = tmp_path / "go"
    test = f"touch {begun}; while [ ! -e {go} ]; do sleep 0.02; done; sh test.sh"
    work = ("--build", "sh build.sh", "--test", test, "--good", "main~11", "--scratch", str(scratch.root))
    with subprocess.Popen(
        [*BISECTOR, "run", "--json", "--name", "mine", "--set", "build.outputs=[out]", *work],
        cwd=tmp_path / "repo",
        stdout=subprocess.PIPE,
        text=True,
    ) as hunt:
        try:
            while not begun.exists():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    hunt.wait(0.02)
                    raise AssertionError("the hunt ended by itself")
            before = files_in(scratch.root)
            done = bisector("clean", *options, "--scratch", str(scratch.root), folder=tmp_path / "repo")
            after = files_in(scratch.root)
        finally:
            go.touch()  # Else the hunt would outlive a failure here, and this test wait for it forever.
        assert done.returncode == 0
        assert f"the hunt mine (process {hunt.pid}) is at work there" in done.stdout
        assert not before - after
        assert ids["c8"] in hunt.communicate()[0]
        assert hunt.returncode == 0
    assert bisector("clean", "--all", "--scratch", str(scratch.root), folder=tmp_path).returncode == 0
    assert not scratch.root.exists()


def test_while_one_runs_the_logs_of_others_go(tmp_path: Path) -> None:
    """The finished hunt does not need its logs, and the running one does."""
    shell_history(tmp_path / "repo")
    scratch = Scratch(tmp_path / "scratch")
    work = (*WORK, "--scratch", str(scratch.root))
    assert bisector("run", *work, folder=tmp_path / "repo").returncode == 0
    (over,) = scratch.all_logs.iterdir()
    with scratch.held("f" * 40):
        (scratch.logs("f" * 40) / "a.log").touch()
        done = bisector("clean", "--scratch", str(scratch.root), folder=tmp_path / "repo")
        assert "at work there" in done.stdout and done.returncode == 0
        assert (scratch.logs("f" * 40) / "a.log").exists()
    assert not over.exists()


def test_a_hunt_that_was_killed_is_not_in_use(tmp_path: Path) -> None:
    """All its files are removed, including worktrees and locks."""
    shell_history(tmp_path / "repo")
    scratch, begun = Scratch(tmp_path / "scratch"), tmp_path / "begun"
    work = ("--test", f"touch {begun}; exec sleep 600", "--good", "main~11", "--scratch", str(scratch.root))
    until_interrupted(("run", *work), tmp_path / "repo", begun.exists, signal.SIGKILL)
    done = bisector("clean", "--all", "--scratch", str(scratch.root), folder=tmp_path / "repo")
    assert done.returncode == 0 and "at work" not in done.stdout
    assert not scratch.root.exists()


def test_a_damaged_journal_can_be_cleaned_away(tmp_path: Path) -> None:
    """A damaged journal is named without --all, and removed with it."""
    shell_history(tmp_path / "repo")
    scratch = Scratch(tmp_path / "scratch")
    scratch.root.mkdir()
    scratch.journal.write_text("no journal\n" * 1000)
    assert bisector("clean", "--scratch", str(scratch.root), folder=tmp_path / "repo").returncode == 6
    done = bisector("clean", "--all", "--scratch", str(scratch.root), folder=tmp_path / "repo")
    assert done.returncode == 0 and not scratch.root.exists()


def test_who_comes_while_it_cleans_waits(tmp_path: Path) -> None:
    """A hunt never starts in a folder that is being removed."""
    shell_history(tmp_path / "repo")
    scratch = Scratch(tmp_path / "scratch")
    scratch.root.mkdir()
    cleaning = try_lock(scratch.in_use)
    assert cleaning is not None
    work = (*WORK, "--scratch", str(scratch.root))
    with subprocess.Popen([*BISECTOR, "run", "-q", *work], cwd=tmp_path / "repo") as hunt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            hunt.wait(2)
        begun = [scratch.journal, scratch.slots, scratch.store]
        found = [path for path in begun if path.exists()]
        cleaning.release()
        assert hunt.wait(60) == 0
    assert not found
    assert len(Journal(scratch.journal).hunts()) == 1
