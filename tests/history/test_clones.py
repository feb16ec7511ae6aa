"""Where the user's clone of a submodule is."""

from __future__ import annotations

from pathlib import Path

from bisector.history.repository import Repository
from bisector.history.submodules import clone_at, uninitialised
from tests.git_history import Node, chain, git, write_history

MODULES = '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n'


def with_submodule(folder: Path) -> tuple[Path, str, str]:
    """A repository with the submodule lib, which is not initialised; its commit, and that of lib."""
    lib = write_history(folder / "lib", chain(2))["c1"]
    node = Node("c0", [], {".gitmodules": MODULES, "lib": lib}, {"lib": "160000"})
    return folder / "repo", write_history(folder / "repo", [node])["c0"], lib


def test_a_submodule_that_was_added_in_place(tmp_path: Path) -> None:
    """Its git folder is in its work tree."""
    repo, commit, lib = with_submodule(tmp_path)
    assert uninitialised(Repository(repo), commit) == ["lib"]
    git(repo, "clone", "-q", "../lib", "lib")
    found = clone_at(Repository(repo), commit, "lib")
    assert found is not None
    assert (found[1].git_folder, found[1].has(lib)) == (repo / "lib/.git", True)


def test_a_submodule_of_a_linked_worktree(tmp_path: Path) -> None:
    """Each worktree has its own clone."""
    repo, commit, _ = with_submodule(tmp_path)
    git(repo, "worktree", "add", "-q", "--detach", "../wt")
    git(tmp_path / "wt", "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    found = clone_at(Repository(tmp_path / "wt"), commit, "lib")
    assert found is not None
    assert found[1].git_folder == repo / ".git/worktrees/wt/modules/lib"
    assert uninitialised(Repository(repo), commit) == ["lib"]


def test_a_path_out_of_the_work_tree_is_no_submodule(tmp_path: Path) -> None:
    """The paths in a commit are untrusted."""
    repo, _, _ = with_submodule(tmp_path)
    assert not (Repository(repo).clone_of("x", "../lib") / "HEAD").exists()
