"""What is read from a repository, and what is left of a worktree."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bisector.errors import EnvironmentFault, HistoryError
from bisector.history.object_ids import object_ids
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from tests.git_history import Node, chain, git, write_history
from tests.worktrees import private


def state_of(folder: Path) -> tuple[str, ...]:
    """Everything that belongs to the user: HEAD, refs, index, work tree, worktrees."""
    return (
        (folder / ".git/HEAD").read_text(),
        git(folder, "for-each-ref"),
        git(folder, "status", "--porcelain"),
        git(folder, "ls-files", "-s"),
        git(folder, "worktree", "list"),
        "\n".join(sorted(p.name for p in (folder / ".git").iterdir())),
    )


def test_a_revision_that_is_not_there_is_named(tmp_path: Path) -> None:
    """An unknown revision is an error that names it and the fix."""
    write_history(tmp_path / "repo", chain(2))
    with pytest.raises(HistoryError, match=r"no commit 'v9'.*fetch it"):
        Repository(tmp_path / "repo").resolve("v9")


def test_a_shallow_clone_says_how_to_deepen_it(tmp_path: Path) -> None:
    """In a shallow clone, the fix is to fetch the rest."""
    ids = write_history(tmp_path / "repo", chain(5))
    source = (tmp_path / "repo").as_uri()
    subprocess.run(["git", "clone", "-q", "--depth=1", source, tmp_path / "shallow"], check=True, timeout=60)
    with pytest.raises(HistoryError, match="unshallow.*fetch-depth: 0"):
        Repository(tmp_path / "shallow").resolve(ids["c1"])


def test_a_folder_without_repository_is_refused(tmp_path: Path) -> None:
    """A folder that is missing or is no repository is an error without a traceback."""
    with pytest.raises(HistoryError, match="not a git repository"):
        Repository(tmp_path)
    with pytest.raises(HistoryError, match="no folder"):
        Repository(tmp_path / "nowhere")


def test_infos_survive_hostile_subjects(tmp_path: Path) -> None:
    """Subjects with separators, escapes and markup are returned unchanged."""
    name = "a\x1b[31m <b> | `x` \x1f ü"
    ids = write_history(tmp_path / "repo", [Node(name, (), {"f": "1"})])
    info = Repository(tmp_path / "repo").infos([ids[name]])[ids[name]]
    assert info.subject == name
    assert info.author == "T"
    assert info.parents == ()


def test_object_ids_tell_which_inputs_changed(tmp_path: Path) -> None:
    """The id of a path changes only with its content. A missing path has an empty id."""
    ids = write_history(tmp_path / "repo", chain(3, {0: {"src/a": "1"}, 2: {"src/a": "2"}}))
    first, second, third = object_ids(
        Repository(tmp_path / "repo"), [ids["c0"], ids["c1"], ids["c2"]], ["src", "missing"]
    )
    assert first == second != third
    assert first[1] == ""


@pytest.mark.parametrize("path", ["tool", "lib/a b/tool"])
def test_a_file_with_another_mode_is_another_input(tmp_path: Path, path: str) -> None:
    """A commit that makes a file executable, or replaces it by a link, changes what commits have there."""
    kinds = ["100644", "100644", "100755", "100755", "120000", None, "100755", "100644"]
    nodes = [
        Node(f"c{at}", [f"c{at - 1}"] if at else [], {path: kind and "x", "doc": str(at)}, {path: kind or ""})
        for at, kind in enumerate(kinds)
    ]
    made = write_history(tmp_path / "repo", nodes)
    repository, ids = Repository(tmp_path / "repo"), [made[node.name] for node in nodes]
    rows = object_ids(repository, ids, [path, "missing"])
    assert [[one == other for other in rows] for one in rows] == [
        [one == other for other in kinds] for one in kinds
    ]
    assert rows == [object_ids(repository, [commit], [path, "missing"])[0] for commit in ids]
    trees = git(tmp_path / "repo", "rev-parse", *(f"{commit}^{{tree}}" for commit in ids)).split()
    assert rows == object_ids(repository, trees, [path, "missing"])


def test_a_worktree_leaves_nothing_behind(tmp_path: Path) -> None:
    """A worktree that is created, moved to another commit and removed leaves the repository unchanged."""
    ids = write_history(tmp_path / "repo", chain(3))
    (tmp_path / "repo/dirty").write_text("mine")
    before = state_of(tmp_path / "repo")
    worktree = Worktree(private(tmp_path / "repo"), tmp_path / "slot")
    worktree.create(ids["c0"])
    worktree.checkout(ids["c2"])
    assert (tmp_path / "slot/tree/c2").read_text() == "c2"
    worktree.checkout(ids["c1"])
    assert not (tmp_path / "slot/tree/c2").exists()
    worktree.remove()
    assert state_of(tmp_path / "repo") == before
    assert not (tmp_path / "slot").exists()


def test_hooks_of_the_repository_do_not_run(tmp_path: Path) -> None:
    """A post-checkout hook, which git runs for worktrees too, does not run for slots."""
    ids = write_history(tmp_path / "repo", chain(2))
    hook = tmp_path / "repo/.git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    worktree = Worktree(private(tmp_path / "repo"), tmp_path / "slot")
    worktree.create(ids["c0"])
    worktree.checkout(ids["c1"])
    worktree.remove()
    assert not (tmp_path / "ran").exists()


def test_a_checkout_keeps_ignored_files_unless_clean(tmp_path: Path) -> None:
    """Ignored files are builds: they are kept for the next commit, and removed for a clean build."""
    ids = write_history(tmp_path / "repo", chain(2, {0: {".gitignore": "_build\n"}}))
    worktree = Worktree(private(tmp_path / "repo"), tmp_path / "slot")
    worktree.create(ids["c0"])
    worktree.checkout(ids["c0"])
    (tmp_path / "slot/tree/_build").mkdir()
    (tmp_path / "slot/tree/_build/x").write_text("x")
    (tmp_path / "slot/tree/litter").write_text("x")
    worktree.checkout(ids["c1"])
    assert (tmp_path / "slot/tree/_build/x").exists()
    assert not (tmp_path / "slot/tree/litter").exists()
    worktree.checkout(ids["c1"], clean=True)
    assert not (tmp_path / "slot/tree/_build").exists()
    worktree.remove()


def test_a_commit_that_is_gone_is_no_verdict(tmp_path: Path) -> None:
    """A git error in a slot is never a verdict on the commit, and the message says what happened."""
    write_history(tmp_path / "repo", chain(1))
    worktree = Worktree(private(tmp_path / "repo"), tmp_path / "slot")
    with pytest.raises(EnvironmentFault, match="no longer in"):
        worktree.create("0" * 40)
