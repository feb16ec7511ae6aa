"""A commit whose links point outside the slot: nothing is written or read behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file import Copy, Edit, Patch, Place
from bisector.hunt_file.overlay import Change
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.overlay import DoesNotApply, lay_over
from tests.git_history import git
from tests.worktrees import private

SECRET = "a file of the user's\n"

Links = dict[str, Callable[[Path], str]]
LINKS: Links = {
    "absolute": lambda outside: str(outside),
    "relative": lambda outside: "../outside",
    "dangling": lambda outside: f"{outside}/not-there",
    "itself": lambda outside: "lib",
    "to git": lambda outside: ".git",
    "the slot's parent": lambda outside: "..",
    "the root": lambda outside: "/",
}
"""The target of a tracked link `lib`."""


class Ground:
    """A repository whose only commit has the link `lib`, checked out in a slot next to the user's folder."""

    def __init__(self, folder: Path, link: str) -> None:
        self._folder, self.outside = folder, folder / "slot/outside"
        self.beside = folder / "beside"
        self.beside.write_text("brought\n")
        repo = folder / "repo"
        repo.mkdir()
        git(repo, "init", "--quiet")
        (repo / "lib").symlink_to(LINKS[link](self.outside))
        (repo / "plain").write_text(SECRET)
        (repo / "linked").mkdir()
        (repo / "linked/away").symlink_to(f"{self.outside}/file")
        git(repo, "add", "-A")
        git(repo, "commit", "--quiet", "-m", "links")
        self.repository = Repository(repo)
        self.commit = self.repository.resolve("HEAD")
        worktree = Worktree(private(self.repository.path), folder / "slot")
        self.worktree, self.slot = worktree, worktree.path
        worktree.create(self.commit)
        self.outside.mkdir(parents=True)
        for name in ("file", "deep/file"):
            (self.outside / name).parent.mkdir(exist_ok=True)
            (self.outside / name).write_text(SECRET)
        worktree.checkout(self.commit)
        self._before = self._digest()

    def require_untouched(self) -> None:
        """Everything outside the slot is unchanged, and so is the slot's own repository."""
        assert self._digest() == self._before

    def _digest(self) -> str:
        total = hashlib.sha256()
        for path in sorted(self._folder.rglob("*")):
            if not path.is_relative_to(self.slot) or path.is_relative_to(self.slot / ".git"):
                total.update(bytes(path) + (path.read_bytes() if path.is_file() else b""))
        return total.hexdigest()


def _changes(beside: Path) -> list[Change]:
    from_bad = {"from": "bad"}
    return [
        Edit(edit="lib/file", find="user", replace="stranger"),
        Edit(edit="lib/deep/file", find=".*", replace="", regex=True),
        Edit(edit="lib", find="a", replace="b"),
        Copy(copy="plain", to="lib/file", **from_bad),
        Copy(copy="plain", to="lib/deep/file", **from_bad),
        Copy(copy="plain", to="lib", **from_bad),
        Copy(copy="linked", to="lib/linked", **from_bad),
        Copy(copy="linked", to="new", **from_bad),
        Place(file=beside, to="lib/file"),
        Place(file=beside, to="lib/new/file"),
        Place(file=beside, to="lib"),
        Place(file=beside, to="plain/below/a/file"),
        Copy(copy="plain", to="plain/below", **from_bad),
    ]


@pytest.mark.parametrize("link", LINKS)
def test_no_overlay_leaves_the_slot(tmp_path: Path, link: str) -> None:
    """No kind of overlay applies to the link or below it, or changes anything outside."""
    ground = Ground(tmp_path, link)
    for change in _changes(ground.beside):
        with pytest.raises(DoesNotApply):
            lay_over([change], ground.worktree, ground.commit, lambda _: ground.commit)
        ground.require_untouched()


@pytest.mark.parametrize("path", ["lib/file", "lib/new", "../outside/file", ".git/config", "lib/../../up"])
def test_no_patch_leaves_the_slot(tmp_path: Path, path: str) -> None:
    """A patch to a file behind the link or above the slot does not apply."""
    ground = Ground(tmp_path, "relative")
    old = f"--- a/{path}\n" if path.endswith("file") else "--- /dev/null\n"
    hunk = f"@@ -1 +1 @@\n-{SECRET}+mine\n" if path.endswith("file") else "@@ -0,0 +1 @@\n+mine\n"
    ground.beside.write_text(f"{old}+++ b/{path}\n{hunk}")
    ground = _again(ground)
    with pytest.raises(DoesNotApply):
        lay_over([Patch(patch=ground.beside)], ground.worktree, ground.commit, str)
    ground.require_untouched()


def test_a_link_made_by_a_patch_leads_no_later_change_out(tmp_path: Path) -> None:
    """A patch may create a link, as a commit may. Later changes stay in the slot."""
    ground = Ground(tmp_path, "to git")
    ground.beside.write_text(
        "diff --git a/way b/way\nnew file mode 120000\n--- /dev/null\n+++ b/way\n@@ -0,0 +1 @@\n"
        "+../outside\n\\ No newline at end of file\n"
    )
    ground = _again(ground)
    lay_over([Patch(patch=ground.beside)], ground.worktree, ground.commit, str)
    assert (ground.slot / "way").is_symlink()
    with pytest.raises(DoesNotApply):
        lay_over([Edit(edit="way/file", find="a", replace="b")], ground.worktree, ground.commit, str)
    ground.require_untouched()


@pytest.mark.parametrize("link", LINKS)
def test_no_artefact_is_put_or_taken_behind_a_link(tmp_path: Path, link: str) -> None:
    """Outputs of a commit in which `lib` was a folder are not restored where `lib` points outside."""
    ground = Ground(tmp_path, link)
    store = ArtefactStore(tmp_path / "store")
    other = tmp_path / "other"
    (other / "lib/deep").mkdir(parents=True)
    for name in ("file", "deep/file"):
        (other / "lib" / name).write_text("built\n")
    outputs = ["lib/file", "lib/deep/file"]
    store.keep("key", other, outputs)
    ground = _again(ground)
    assert store.restore("key", ground.slot, outputs) is None
    ground.require_untouched()


def test_an_artefact_that_is_a_link_is_kept_as_a_link(tmp_path: Path) -> None:
    """The target of a link outside is neither read into the store nor copied into another slot."""
    ground = Ground(tmp_path, "absolute")
    store = ArtefactStore(tmp_path / "store")
    store.keep("key", ground.slot, ["lib", "linked"])
    slot = tmp_path / "second"
    slot.mkdir()
    assert store.restore("key", slot, ["lib", "linked"])
    assert (slot / "lib").is_symlink() and (slot / "linked/away").is_symlink()
    kept = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert store.restore("key", ground.slot, ["lib", "linked"])
    assert (ground.outside / "file").read_text() == SECRET


def _again(ground: Ground) -> Ground:
    """The same ground, with its present state as the one to keep."""
    ground._before = ground._digest()
    return ground
