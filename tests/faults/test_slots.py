"""Slots that are removed, locked or made read-only during a hunt. The user's work tree is not changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bisector.errors import InfrastructureFault
from bisector.history.worktree import Worktree
from tests.faults.hunting import AS_NOBODY, Hunt, give_to_nobody, hunt_in, nobodys_folder
from tests.git_history import chain, git, write_history
from tests.worktrees import private

HERE = 'cd "$(dirname "$PWD")"; rm -rf "$OLDPWD"'


def at_work(hunt: Hunt) -> str:
    """The repository of a user at work: changes, staged and unstaged, and an untracked file."""
    (hunt.repository / "doc").write_text("changed\n")
    (hunt.repository / "test.sh").write_text("staged\n")
    git(hunt.repository, "add", "test.sh")
    (hunt.repository / "notes").write_text("of the user\n")
    return state_of(hunt)


def state_of(hunt: Hunt) -> str:
    """The state that a careless git command would destroy."""
    status = git(hunt.repository, "status", "--short", "--branch")
    return status + git(hunt.repository, "diff", "HEAD") + (hunt.repository / "notes").read_text()


@pytest.mark.parametrize(
    ("build", "test"),
    [
        pytest.param("", f"{HERE}; exit 1", id="by a test"),
        pytest.param(f"{HERE}; exit 1", "", id="by a build"),
        pytest.param("", 'rm -rf "$(dirname "$PWD")"; exit 1', id="with all slots"),
        pytest.param("", "rm -rf ../.bisector; exit 1", id="what git of ours needs"),
    ],
)
def test_a_slot_taken_away_is_laid_out_anew(tmp_path: Path, build: str, test: str) -> None:
    """A failure because the folder is gone is no verdict, and no git command runs in a folder around it."""
    # The worst place: without a slot's own `.git`, git would find the user's repository above it.
    hunt = hunt_in(tmp_path, inside=True)
    before = at_work(hunt)
    done = hunt.run(
        *("--build", f"sh build.sh; {hunt.once(build or 'true')}"),
        *("--test", f"{hunt.once(test or 'true')}; sh test.sh"),
    )
    hunt.assert_found(done)
    assert state_of(hunt).replace("?? scratch/\n", "") == before


@pytest.mark.parametrize(
    "harm",
    [
        'rm -rf "$(git rev-parse --git-common-dir)"',
        "git config core.worktree /; git update-index --assume-unchanged test.sh",
        "echo broken > .git/config; rm .git/HEAD; chmod 500 .git/objects .git",
        "rm -rf .git; ln -s / .git",
        "touch .git/index.lock .git/HEAD.lock .git/packed-refs.lock",
    ],
)
def test_what_a_test_does_to_its_repository_ends_with_it(tmp_path: Path, harm: str) -> None:
    """Each commit has an intact repository, whatever the test before did to its own."""
    hunt = hunt_in(tmp_path, inside=True)
    before = at_work(hunt)
    hunt.assert_found(hunt.run("--build", "sh build.sh && git status", "--test", f"({harm}); sh test.sh"))
    assert state_of(hunt).replace("?? scratch/\n", "") == before


def test_a_worktree_that_is_gone_runs_no_git(tmp_path: Path) -> None:
    """Without its folder, each method of a worktree raises, whatever bisector's current folder is."""
    ids = write_history(tmp_path / "repo", chain(3))
    worktree = Worktree(private(tmp_path / "repo"), tmp_path / "repo/slot")
    worktree.create(ids["c0"])
    worktree.checkout(ids["c0"])
    subprocess.run(["rm", "-rf", str(worktree.path)], check=True)
    with pytest.raises(InfrastructureFault, match="was deleted during use"):
        worktree.checkout(ids["c1"])
    worktree.remove()
    with pytest.raises(InfrastructureFault, match="was deleted"):
        worktree.checkout(ids["c1"])
    assert git(tmp_path / "repo", "status", "--short", "--branch") == "## main\n"


def test_all_of_scratch_taken_away(tmp_path: Path) -> None:
    """Without its journal a hunt cannot continue. The next start begins again."""
    hunt = hunt_in(tmp_path)
    before = at_work(hunt)
    done = hunt.run("--test", f"{hunt.once(f'rm -rf {hunt.scratch}; exit 1')}; sh test.sh")
    hunt.assert_refused(done, str(hunt.scratch), "another `scratch`")
    hunt.assert_found(hunt.run())
    assert state_of(hunt) == before


def test_locks_that_dead_gits_left(tmp_path: Path) -> None:
    """A lock in a slot is removed with the slot. A lock in the user's repository stays and does no harm."""
    hunt = hunt_in(tmp_path)
    lock = hunt.repository / ".git/index.lock"
    lock.touch()
    harm = hunt.once('touch "$(git rev-parse --git-dir)/index.lock" "$(git rev-parse --git-dir)/HEAD.lock"')
    hunt.assert_found(hunt.run("--test", f"{harm}; sh test.sh"))
    assert lock.exists()


@pytest.mark.parametrize("ignored", ["out\n", "out\nmod\n"], ids=["untracked", "ignored"])
def test_folders_left_without_leave_to_write(ignored: str) -> None:
    """Write-protected folders of a test, such as Go's module cache, are removed without root's rights."""
    with nobodys_folder() as folder:
        hunt = hunt_in(folder, ignored=ignored, before=AS_NOBODY)
        give_to_nobody(folder)
        lock = "mkdir -p mod/a; touch mod/a/file; chmod 500 mod/a mod; sh test.sh"
        hunt.assert_found(hunt.run("--test", lock, HOME=str(folder)))


def test_a_file_that_cannot_be_removed(tmp_path: Path) -> None:
    """Not even root can remove it. The message says so. Later, the same command removes it and continues."""
    hunt = hunt_in(tmp_path)
    try:
        test = f"{hunt.once('touch stuck; chattr +i stuck')}; sh test.sh"
        done = hunt.run("--test", test)
        stuck = list(hunt.scratch.glob("slots/*/stuck"))
        if not stuck:
            pytest.skip("this file system has no immutable files")
        assert done.returncode == 6, done.stderr
        assert "cannot remove" in done.stderr
    finally:
        subprocess.run(["chattr", "-i", *hunt.scratch.glob("slots/*/stuck")], check=False)
    hunt.assert_goes_on("--test", test)
