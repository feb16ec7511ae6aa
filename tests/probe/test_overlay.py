"""Each kind of overlay on real files, and the ways in which one does not apply."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bisector.errors import EnvironmentFault
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file import CherryPick, Copy, Edit, Patch, Place
from bisector.hunt_file.overlay import Change
from bisector.probe.overlay import DoesNotApply, lay_over
from bisector.probe.overlay_files import remove_left
from tests.git_history import Node, git, write_history
from tests.worktrees import private

NODES = [
    Node("old", (), {"run.sh": "timeout 120 x\r\ntimeout 120 y\n"}),
    Node("new", ["old"], {"tests/a.sx": "(a)", "tests/sub/b.sx": "(b)", "run.sh": "timeout 600 x\n"}),
]


class Laid:
    """A commit checked out in a slot."""

    def __init__(self, folder: Path, commit: str = "old", nodes: Sequence[Node] = NODES) -> None:
        self.ids = write_history(folder / "repo", nodes)
        self.repository = Repository(folder / "repo")
        worktree = Worktree(private(self.repository.path), folder / "slot")
        self.worktree, self.commit = worktree, self.ids[commit]
        self.slot = worktree.path
        worktree.create(self.ids[commit])
        worktree.checkout(self.ids[commit])

    def over(self, *changes: Change) -> None:
        """Apply changes. Revisions are names of commits."""
        lay_over(changes, self.worktree, self.commit, lambda name: self.ids[name])


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


LINES = "".join(f"line {number}\n" for number in range(20))
PICKED = [
    Node("old", (), {"a.txt": LINES, "b.txt": "b\n", ".gitignore": "made\n"}, {"a.txt": "100644"}),
    Node("moved", ["old"], {"a.txt": None, "c.txt": LINES.replace("line 1\n", "moved 1\n")}),
    Node("fix", ["old"], {"a.txt": LINES.replace("line 15", "fixed 15"), "new/made": "x", "b.txt": None}),
    Node("other", ["old"], {"a.txt": LINES.replace("line 15", "other 15"), "b.txt": "changed\n"}),
    Node("merge", ["old", "fix"], {"a.txt": LINES.replace("line 3\n", "merged 3\n")}),
]


def test_a_picked_commit_follows_a_rename_and_earlier_changes(tmp_path: Path) -> None:
    """It is applied three-way, also to a file that was renamed and that the overlay has edited before.

    HEAD, index and the user's repository stay as they are.
    """
    laid = Laid(tmp_path, "moved", PICKED)
    before = git(laid.repository.path, "count-objects", "-v"), git(laid.slot, "ls-files", "--stage")
    laid.over(Edit(edit="c.txt", find="line 7\n", replace="edited 7\n"), CherryPick(cherry_pick="fix"))
    text = (laid.slot / "c.txt").read_text()
    assert [word in text for word in ("moved 1\n", "edited 7\n", "fixed 15\n")] == [True] * 3
    assert (laid.slot / "new/made").read_text() == "x"
    assert not (laid.slot / "b.txt").exists()
    assert (git(laid.repository.path, "count-objects", "-v"), git(laid.slot, "ls-files", "--stage")) == before
    assert git(laid.slot, "rev-parse", "HEAD").strip() == laid.ids["moved"]


def test_a_picked_merge_brings_what_it_changes_against_its_first_parent(tmp_path: Path) -> None:
    """As `git cherry-pick --mainline=1`."""
    laid = Laid(tmp_path, "moved", PICKED)
    laid.over(CherryPick(cherry_pick="merge"))
    assert "merged 3\n" in (laid.slot / "c.txt").read_text()


def test_a_conflict_names_the_files_and_leaves_the_slot_as_it_was(tmp_path: Path) -> None:
    """With `optional`, the commit is tested as it is, with what was changed before."""
    laid = Laid(tmp_path, "other", PICKED)
    edit = Edit(edit="a.txt", find="line 7\n", replace="edited 7\n")
    with pytest.raises(
        DoesNotApply, match=r"cherry_pick fix does not apply: it conflicts in a\.txt, b\.txt$"
    ):
        laid.over(edit, CherryPick(cherry_pick="fix"))
    laid.worktree.checkout(laid.commit)
    laid.over(edit, CherryPick(cherry_pick="fix", optional=True))
    assert "edited 7\n" in (laid.slot / "a.txt").read_text()
    assert "<<<<" not in (laid.slot / "a.txt").read_text()
    assert git(laid.slot, "status", "--porcelain") == " M a.txt\n"


def test_a_moved_submodule_is_not_picked(tmp_path: Path) -> None:
    """Its files would stay those of the other commit, so it does not apply."""
    nodes = [Node("old", (), {"f": "1"}), Node("fix", ["old"], {"lib": "1" * 40}, {"lib": "160000"})]
    laid = Laid(tmp_path, "old", nodes)
    with pytest.raises(DoesNotApply, match="it moves the submodule lib"):
        laid.over(CherryPick(cherry_pick="fix"))


def test_files_of_a_change_leave_with_it(tmp_path: Path) -> None:
    """Git ignores a file that was picked, so only bisector can remove it before the next commit."""
    laid = Laid(tmp_path, "moved", PICKED)
    pick = CherryPick(cherry_pick="fix")
    laid.over(pick)
    laid.worktree.checkout(laid.ids["old"])
    assert (laid.slot / "new/made").exists()
    remove_left([pick], laid.worktree, lambda name: laid.ids[name])
    assert not (laid.slot / "new").exists()
    assert (laid.slot / "b.txt").exists()
