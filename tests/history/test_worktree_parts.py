"""Slots with a part of the tree, of a partial clone, and with submodules."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.history import cone
from bisector.history.object_ids import object_ids
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from tests.git_history import Node, chain, git, write_history
from tests.worktrees import private

TREE: dict[str, str | None] = {
    "Makefile": "m",
    "app/main.c": "a",
    "app/[x]*/y.c": "y",
    "lib/one/1.c": "1",
    "lib/two/2.c": "2",
    "lib/README": "r",
}


def files_in(folder: Path) -> set[str]:
    """Paths of all files below a folder, without those of git."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def everything_in(folder: Path) -> dict[str, bytes]:
    """All files of a git folder, except those that a fetch adds."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@contextmanager
def slot(repository: Path, commit: str, at: Path) -> Iterator[Worktree]:
    """A worktree that is removed at the end."""
    worktree = Worktree(private(repository), at)
    worktree.create(commit)
    try:
        yield worktree
    finally:
        worktree.remove()


def test_a_sparse_checkout_lays_out_the_cone_and_a_whole_one_all(tmp_path: Path) -> None:
    """A cone has the inputs and the files next to and above them. The full tree is restored on request."""
    ids = write_history(tmp_path / "repo", chain(3, {0: TREE, 1: {"lib/two/2.c": "new"}}))
    before = everything_in(tmp_path / "repo/.git")
    with slot(tmp_path / "repo", ids["c0"], tmp_path / "slot") as worktree:
        worktree.checkout(ids["c1"], only=["lib/two", "app/[x]*"])
        assert files_in(worktree.path) == {
            *("Makefile", "lib/README", "lib/two/2.c", "app/main.c", "app/[x]*/y.c")
        }
        worktree.checkout(ids["c1"], clean=True)
        assert files_in(worktree.path) == TREE.keys()
        worktree.checkout(ids["c2"], only=["lib/one/1.c"])
        assert files_in(worktree.path) == {"Makefile", "lib/README", "lib/one/1.c", "c2"}
        assert git(worktree.path, "status", "--porcelain") == ""
    assert everything_in(tmp_path / "repo/.git") == before


def test_a_sparse_user_has_whole_slots(tmp_path: Path) -> None:
    """The user's own sparse checkout leaves no file out of a slot, and is not changed."""
    ids = write_history(tmp_path / "repo", chain(2, {0: TREE}))
    git(tmp_path / "repo", "sparse-checkout", "set", "app")
    before = everything_in(tmp_path / "repo/.git")
    with slot(tmp_path / "repo", ids["c0"], tmp_path / "slot") as worktree:
        worktree.checkout(ids["c1"])
        assert files_in(worktree.path) == {*TREE, "c1"}
    assert everything_in(tmp_path / "repo/.git") == before


NAMES = st.sampled_from(("a", "b", "*", "c d", "\\"))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@settings(max_examples=6, deadline=None)
@given(st.sets(PATHS.map(lambda path: f"{path}/file"), max_size=8), st.sets(PATHS, min_size=1, max_size=3))
def test_the_cone_holds_all_of_its_paths(
    tmp_path_factory: pytest.TempPathFactory, files: set[str], paths: set[str]
) -> None:
    """No file below a path of the cone is missing, whatever its name. Other files are missing."""
    folder = tmp_path_factory.mktemp("cone")
    ids = write_history(
        folder / "repo", [Node("n", (), {"top": "t", "far/off/x/y": "", **dict.fromkeys(files, "f")})]
    )
    with slot(folder / "repo", ids["n"], folder / "slot") as worktree:
        worktree.checkout(ids["n"], only=sorted(paths))
        there = files_in(worktree.path)
    assert {file for file in files if any(Path(file).is_relative_to(path) for path in paths)} <= there
    assert "top" in there
    assert "far/off/x/y" not in there


def test_the_whole_tree_is_a_cone_too() -> None:
    """If the full tree is an input, nothing is left out."""
    assert cone.patterns(["lib", "."]) == cone.WHOLE


@pytest.fixture
def partial(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A clone that has no files of its history yet, and the ids of the commits."""
    ids = write_history(
        tmp_path / "source", chain(4, {at: {f"f{n}": f"{at} {n}" for n in range(9)} for at in range(4)})
    )
    git(tmp_path / "source", "config", "uploadpack.allowFilter", "true")
    git(tmp_path / "source", "config", "uploadpack.allowAnySHA1InWant", "true")
    source = (tmp_path / "source").as_uri()
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", source, "partial")
    return tmp_path / "partial", ids


def lacking(repository: Path) -> int:
    """The number of objects that a partial clone has not fetched."""
    return git(repository, "rev-list", "--objects", "--all", "--missing=print").count("\n?")


def test_a_partial_clone_fetches_a_commit_at_once(
    partial: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout fetches only the files that it needs, in one step, and not into the user's clone."""
    repository, ids = partial
    assert lacking(repository) == 36
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(tmp_path / "trace"))
    with slot(repository, ids["c0"], tmp_path / "slot") as worktree:
        worktree.checkout(ids["c2"])
        assert (worktree.path / "f3").read_text() == "2 3"
    monkeypatch.delenv("GIT_TRACE2_EVENT")
    assert lacking(repository) == 36
    starts = [line for line in (tmp_path / "trace").read_text().splitlines() if '"event":"start"' in line]
    assert sum('"fetch","origin"' in line for line in starts) == 1
    shutil.rmtree(tmp_path / "source")
    with slot(repository, ids["c0"], tmp_path / "slot") as worktree:
        worktree.checkout(ids["c2"])
        assert (worktree.path / "f3").read_text() == "2 3"


def test_inputs_of_a_partial_clone_are_told_without_fetching(partial: tuple[Path, dict[str, str]]) -> None:
    """The trees are there, and have the ids of files."""
    repository, ids = partial
    commits = [ids[f"c{at}"] for at in range(4)]
    found = object_ids(Repository(repository), commits, ["f1", "f8", "missing", "."])
    told = [git(repository.parent / "source", "rev-parse", f"{c}:f1", f"{c}:f8", f"{c}:") for c in commits]
    named = [(one[0].split()[-1], one[1].split()[-1], one[3]) for one in found]
    assert named == [tuple(lines.split()) for lines in told]
    assert {one[2] for one in found} == {""}
    assert lacking(repository) == 36


def test_a_partial_clone_off_line_says_so(partial: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A failed fetch is not a verdict on the commit, and the message has a fix."""
    repository, ids = partial
    shutil.rmtree(tmp_path / "source")
    with (
        slot(repository, ids["c0"], tmp_path / "slot") as worktree,
        pytest.raises(InfrastructureFault, match="cannot fetch .*partial clone.*--refetch"),
    ):
        worktree.checkout(ids["c1"])


@pytest.fixture
def nested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, str]]:
    """A repository whose submodule `lib/sub` has a submodule `deep`, all initialised, and commits by name."""
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    write_history(tmp_path / "deep", [Node("d", (), {"d": "deep"})])
    write_history(tmp_path / "sub", [Node("s0", (), {"s": "0"})])
    git(tmp_path / "sub", "submodule", "--quiet", "add", str(tmp_path / "deep"), "deep")
    git(tmp_path / "sub", "commit", "-qm", "with deep")
    repo = tmp_path / "repo"
    ids = {**write_history(repo, [Node("without", (), {"a": "1"})])}
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "sub"), "lib/sub")
    git(repo, "submodule", "--quiet", "update", "--init", "--recursive")
    git(repo, "commit", "-qm", "with sub")
    ids["with"] = git(repo, "rev-parse", "HEAD").strip()
    (tmp_path / "sub/s").write_text("1")
    git(tmp_path / "sub", "commit", "-qam", "s1")
    git(repo, "submodule", "--quiet", "update", "--remote", "lib/sub")
    git(repo, "commit", "-qam", "moved")
    ids["moved"] = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "rm", "-q", "lib/sub")
    (repo / "lib").mkdir(exist_ok=True)
    (repo / "lib/sub").write_text("now a file")
    git(repo, "add", "lib")
    git(repo, "commit", "-qm", "a file")
    ids["file"] = git(repo, "rev-parse", "HEAD").strip()
    monkeypatch.delenv("GIT_ALLOW_PROTOCOL")
    for clone in ("sub", "deep"):
        (tmp_path / clone).rename(tmp_path / f"{clone}-is-far-away")
    return repo, ids


def test_submodules_are_laid_out_from_the_users_clones(
    nested: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Each commit has its submodules at the right commit, without the network, and leaves nothing of them."""
    repo, ids = nested
    before = everything_in(repo / ".git")
    with slot(repo, ids["without"], tmp_path / "slot") as worktree:
        for commit, expected in (
            ("with", {"lib/sub/s": "0", "lib/sub/deep/d": "deep"}),
            ("moved", {"lib/sub/s": "1", "lib/sub/deep/d": "deep"}),
            ("file", {"lib/sub": "now a file"}),
            ("moved", {"lib/sub/s": "1", "lib/sub/deep/d": "deep"}),
            ("without", {}),
            ("with", {"lib/sub/s": "0", "lib/sub/deep/d": "deep"}),
        ):
            worktree.checkout(ids[commit], clean=commit == "moved")
            laid = {
                f: (worktree.path / f).read_text() for f in files_in(worktree.path) if f.startswith("lib/")
            }
            assert {file: text for file, text in laid.items() if ".git" not in file} == expected
            assert git(worktree.path, "status", "--porcelain", "--ignore-submodules=none") == ""
        (worktree.path / "lib/sub/s").write_text("changed by a build")
        (worktree.path / "lib/sub/litter").write_text("x")
        worktree.checkout(ids["with"])
        assert (worktree.path / "lib/sub/s").read_text() == "0"
        assert not (worktree.path / "lib/sub/litter").exists()
    assert everything_in(repo / ".git") == before


def test_what_a_dead_hunt_left_of_submodules_is_taken_away(
    nested: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """The next hunt removes the slot of a dead hunt, with its submodules, and the user sees nothing."""
    repo, ids = nested
    before = everything_in(repo / ".git")
    dead = Worktree(private(repo), tmp_path / "slot")
    dead.create(ids["with"])
    dead.checkout(ids["with"])
    assert everything_in(repo / ".git") == before
    Worktree(private(repo), tmp_path / "slot").remove()
    assert not (tmp_path / "slot").exists()
    assert everything_in(repo / ".git") == before


def test_a_submodules_commit_that_is_not_there_is_named(
    nested: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """A missing commit of a submodule gives no verdict. The message says which one, and how to get it."""
    repo, ids = nested
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib/sub2")
    text = git(repo, "show", f"{ids['with']}:.gitmodules").replace("path = lib/sub", "path = lib/sub2")
    (repo / ".gitmodules").write_text(text)
    git(repo, "add", ".gitmodules")
    git(repo, "commit", "-qm", "lost")
    lost = git(repo, "rev-parse", "HEAD").strip()
    with (
        slot(repo, lost, tmp_path / "slot") as worktree,
        pytest.raises(EnvironmentFault, match="lib/sub2.*lacks commit 111111111111; .*--recurse-submodules"),
    ):
        worktree.checkout(lost)


def test_a_submodule_is_an_input_by_its_commit(nested: tuple[Path, dict[str, str]]) -> None:
    """The submodule, a path inside it and the folder around it change with the submodule's commit."""
    repo, ids = nested
    commits = [ids[name] for name in ("without", "with", "moved", "file")]
    found = object_ids(Repository(repo), commits, ["lib/sub", "lib/sub/s", "lib"])
    recorded = [git(repo, "rev-parse", f"{commit}:lib/sub").strip() for commit in commits[1:]]
    assert [row[0] for row in found] == ["", *recorded]
    assert [row[1] for row in found] == ["", *recorded[:2], ""]
    assert len({row[2] for row in found}) == 4


def test_settings_of_a_tree_lead_nowhere(nested: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A name in `.gitmodules` that points outside the folder of clones is not a submodule."""
    repo, ids = nested
    other = subprocess.run(
        ["git", "init", "-q", "--bare", tmp_path / "repo/.git/evil"], check=True, timeout=60
    )
    assert other.returncode == 0
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{ids['with']},x")
    (repo / ".gitmodules").write_text('[submodule "../evil"]\n\tpath = x\n\turl = x\n')
    git(repo, "add", ".gitmodules")
    git(repo, "commit", "-qm", "evil")
    commit = git(repo, "rev-parse", "HEAD").strip()
    with slot(repo, commit, tmp_path / "slot") as worktree:
        worktree.checkout(commit)
        assert not any((worktree.path / "x").iterdir())
