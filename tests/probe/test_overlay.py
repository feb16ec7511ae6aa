"""Each kind of overlay on real files, and the ways in which one does not apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import EnvironmentFault
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file import Copy, Edit, Patch, Place
from bisector.probe.overlay import Change, DoesNotApply, lay_over
from tests.git_history import Node, git, write_history
from tests.worktrees import private

NODES = [
    Node("old", (), {"run.sh": "timeout 120 x\r\ntimeout 120 y\n"}),
    Node("new", ["old"], {"tests/a.sx": "(a)", "tests/sub/b.sx": "(b)", "run.sh": "timeout 600 x\n"}),
]


class Laid:
    """A commit checked out in a slot."""

    def __init__(self, folder: Path, commit: str = "old") -> None:
        self.ids = write_history(folder / "repo", NODES)
        self.repository = Repository(folder / "repo")
        worktree = Worktree(private(self.repository.path), folder / "slot")
        self.slot = worktree.path
        worktree.create(self.ids[commit])
        worktree.checkout(self.ids[commit])

    def over(self, *changes: Change) -> None:
        """Apply changes. Revisions are names of commits."""
        lay_over(changes, self.slot, self.repository, lambda name: self.ids[name])


def test_an_edit_replaces_every_occurrence_and_keeps_line_ends(tmp_path: Path) -> None:
    """All occurrences change, and nothing else."""
    laid = Laid(tmp_path)
    laid.over(Edit(edit="run.sh", find="timeout 120", replace="timeout 600"))
    assert (laid.slot / "run.sh").read_bytes() == b"timeout 600 x\r\ntimeout 600 y\n"


def test_a_regular_expression_edits_line_by_line(tmp_path: Path) -> None:
    """Anchors match line ends, and groups may be used."""
    laid = Laid(tmp_path)
    laid.over(Edit(edit="run.sh", find=r"^timeout (\d+) y$", replace=r"timeout 9\1 y", regex=True))
    assert b"timeout 9120 y" in (laid.slot / "run.sh").read_bytes()


def test_a_folder_is_copied_from_another_commit(tmp_path: Path) -> None:
    """Today's tests are copied to yesterday's code, into the given folder, and git's state stays the same."""
    laid = Laid(tmp_path)
    laid.over(Copy(copy="tests", to="lib/today", **{"from": "new"}))
    assert (laid.slot / "lib/today/sub/b.sx").read_text() == "(b)"
    assert not (laid.slot / "tests").exists()


def test_a_file_beside_the_hunt_file_is_placed(tmp_path: Path) -> None:
    """A file that the history does not have is copied."""
    (tmp_path / "bench.sx").write_text("(bench)")
    laid = Laid(tmp_path)
    laid.over(Place(file=tmp_path / "bench.sx", to="lib/bench.sx"))
    assert (laid.slot / "lib/bench.sx").read_text() == "(bench)"


def test_a_patch_is_applied(tmp_path: Path) -> None:
    """A patch from `git diff` changes the files in the slot."""
    laid = Laid(tmp_path, "new")
    patch = (
        "--- a/tests/a.sx\n+++ b/tests/a.sx\n@@ -1 +1 @@\n-(a)\n\\ No newline at end of file\n+(patched)\n"
    )
    (tmp_path / "p.patch").write_text(patch)
    laid.over(Patch(patch=tmp_path / "p.patch"))
    assert (laid.slot / "tests/a.sx").read_text() == "(patched)\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Edit(edit="nowhere", find="a", replace="b"), "is not in"),
        (Edit(edit="run.sh", find="timeout 999", replace="b"), "does not find"),
        (Copy(copy="tests", **{"from": "old"}), "is not in"),
    ],
)
def test_what_does_not_apply_makes_the_commit_untestable(tmp_path: Path, change: Change, why: str) -> None:
    """If the change is optional, the commit is tested without it."""
    laid = Laid(tmp_path)
    with pytest.raises(DoesNotApply, match=why):
        laid.over(change)
    laid.over(change.model_copy(update={"optional": True}))
    assert git(laid.slot, "status", "--porcelain") == ""


def test_a_patch_that_does_not_fit_is_said_so(tmp_path: Path) -> None:
    """A patch for another state of a file does not apply. A missing patch is an error of the user."""
    laid = Laid(tmp_path)
    (tmp_path / "p.patch").write_text("--- a/run.sh\n+++ b/run.sh\n@@ -1 +1 @@\n-other\n+new\n")
    with pytest.raises(DoesNotApply, match=r"p\.patch"):
        laid.over(Patch(patch=tmp_path / "p.patch"))
    with pytest.raises(EnvironmentFault, match="does not exist"):
        laid.over(Patch(patch=tmp_path / "missing.patch"))


def test_a_symbolic_link_does_not_lead_out_of_the_slot(tmp_path: Path) -> None:
    """If a folder in a commit is a link to the outside, nothing is written there."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/f").write_text("mine")
    laid = Laid(tmp_path)
    (laid.slot / "lib").symlink_to(tmp_path / "outside")
    with pytest.raises(DoesNotApply, match="symbolic link"):
        laid.over(Edit(edit="lib/f", find="mine", replace="theirs"))
    (tmp_path / "bench.sx").write_text("x")
    with pytest.raises(DoesNotApply, match="symbolic link"):
        laid.over(Place(file=tmp_path / "bench.sx", to="lib/f"))
    assert (tmp_path / "outside/f").read_text() == "mine"
