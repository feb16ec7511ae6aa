"""Only one hunt at a time holds a slot, and slots leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bisector.engine.slots import Slots
from bisector.errors import InfrastructureFault
from bisector.history.repository import Repository
from bisector.predicate import Good
from tests.engine.reading import lab
from tests.git_history import chain, git, write_history


def test_two_hunts_take_different_slots(tmp_path: Path) -> None:
    """A second hunt with the same scratch folder takes the next free slot."""
    ids = write_history(tmp_path / "repo", chain(2))
    repository = Repository(tmp_path / "repo")
    with Slots(tmp_path / "slots", repository) as one, Slots(tmp_path / "slots", repository) as other:
        paths = {one.take(ids["c0"]).worktree.path, other.take(ids["c1"]).worktree.path}
        assert len(paths) == 2
    assert len(git(tmp_path / "repo", "worktree", "list").splitlines()) == 1
    assert not (tmp_path / "slots").exists()


def test_what_a_killed_hunt_left_is_taken_away(tmp_path: Path) -> None:
    """After SIGKILL, the next start of a hunt in any repository removes worktree, registration and lock."""
    ids = write_history(tmp_path / "repo", chain(2))
    script = (
        "import os, sys, signal; from pathlib import Path\n"
        "from bisector.engine.slots import Slots\nfrom bisector.history.repository import Repository\n"
        "slots = Slots(Path(sys.argv[2]), Repository(Path(sys.argv[1]))).__enter__()\n"
        "slots.take(sys.argv[3])\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    arguments = [str(tmp_path / "repo"), str(tmp_path / "slots"), ids["c0"]]
    died = subprocess.run([sys.executable, "-c", script, *arguments], check=False, timeout=60, env=os.environ)
    assert died.returncode == -9
    assert (tmp_path / "slots/1/.bisector/HEAD").exists()
    write_history(tmp_path / "another", chain(1))
    with Slots(tmp_path / "slots", Repository(tmp_path / "another")):
        assert len(git(tmp_path / "repo", "worktree", "list").splitlines()) == 1
        assert not (tmp_path / "slots/1").exists()
    assert not (tmp_path / "slots").exists()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_a_git_wrote_that_outlived_its_hunt_is_taken_away(tmp_path: Path, when: str) -> None:
    """A partial slot without an owner is removed, even if it appears after the hunt's start."""
    ids = write_history(tmp_path / "repo", chain(2))
    half = tmp_path / "slots/4/.bisector"
    if when == "before":
        half.mkdir(parents=True)
    with Slots(tmp_path / "slots", Repository(tmp_path / "repo")) as slots:
        assert not half.exists()
        slots.take(ids["c0"])
        if when == "meanwhile":
            half.mkdir(parents=True)
    assert not (tmp_path / "slots").exists()


def test_a_file_among_the_slots_is_left_alone(tmp_path: Path) -> None:
    """The note of another hunt, such as a command that is still to be run, is not a leftover."""
    write_history(tmp_path / "repo", chain(1))
    note = tmp_path / "slots/7.note"
    note.parent.mkdir()
    note.write_text("of another hunt")
    with Slots(tmp_path / "slots", Repository(tmp_path / "repo")):
        assert note.read_text() == "of another hunt"
    assert note.exists()


def test_a_slot_whose_lock_was_deleted_is_left_to_who_has_it_by_now(tmp_path: Path) -> None:
    """Nothing is built in a slot that belongs to another hunt by now, and its folder stays at the end."""
    ids = write_history(tmp_path / "repo", chain(2))
    repository = Repository(tmp_path / "repo")
    with Slots(tmp_path / "slots", repository) as other:
        with Slots(tmp_path / "slots", repository) as one:
            slot = one.take(ids["c0"])
            (tmp_path / "slots/1.lock").unlink()
            taken = other.take(ids["c1"])
            assert taken.worktree.path == slot.worktree.path
            with pytest.raises(InfrastructureFault, match=r"1\.lock was deleted"), slot.changing(ids["c0"]):
                raise AssertionError
        assert taken.is_held and taken.worktree.is_whole
    assert not (tmp_path / "slots").exists()


def test_a_run_in_a_slot_that_was_lost_meanwhile_is_not_believed(tmp_path: Path) -> None:
    """A run whose slot lost its lock is repeated in a slot with its own lock."""
    log = tmp_path / "log"
    test = f"echo $PWD >>{log}; test $(wc -l <{log}) -gt 1 || {{ rm {tmp_path}/slots/1.lock; false; }}"
    with lab(tmp_path, test, {"n": "1"}) as found:
        assert isinstance(found.read().judgement, Good)
    assert len(log.read_text().splitlines()) == 2
