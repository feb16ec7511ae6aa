"""Packs of a range: the full range with its boundary, and nothing older."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import EnvironmentFault
from bisector.history.repository import GitFailure, Repository
from bisector.history.transport import add, clone, linked_copy, pack_alone, pack_range, unpack
from tests.git_history import Node, git, write_history

MERGED = [
    Node("before"),
    Node("good", ["before"]),
    Node("side", ["before"]),
    Node("left", ["good"]),
    Node("merge", ["left", "side"]),
    Node("bad", ["merge"]),
]


def test_a_range_arrives_with_its_edge_and_nothing_else(tmp_path: Path) -> None:
    """Side branches that began before good are in it, and each commit has all its files."""
    ids = write_history(tmp_path / "repo", MERGED)
    repository = Repository(tmp_path / "repo")
    packed = pack_range(repository, ids["good"], ids["bad"])
    assert packed.commits == set(ids.values())  # `before` is at the boundary: a parent of `side`.
    there = linked_copy(unpack(packed, tmp_path / "shared").git_folder, tmp_path / "own")
    for commit in ids.values():
        expected = git(tmp_path / "repo", "ls-tree", "-r", commit)
        assert there.git("ls-tree", "-r", commit).decode() == expected
        for line in expected.splitlines():
            there.git("cat-file", "-e", line.split()[2])
    inside = {ids[name] for name in ("side", "left", "merge", "bad")}
    assert {one for one in ids.values() if len(there.git("rev-list", one).split()) > 1} == inside


def test_what_lies_before_the_range_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    """A single commit is added to a range, without its parents."""
    ids = write_history(tmp_path / "repo", [Node(f"c{n}", [f"c{n - 1}"] if n else []) for n in range(6)])
    repository = Repository(tmp_path / "repo")
    there = unpack(pack_range(repository, ids["c3"], ids["c5"]), tmp_path / "there")
    for name in ("c0", "c1", "c2"):
        with pytest.raises(GitFailure):
            there.git("cat-file", "-e", ids[name])
    add(pack_alone(repository, [ids["c1"]]), there)
    assert there.git("ls-tree", "--name-only", ids["c1"]).split() == [b"c0", b"c1"]
    assert there.git("rev-list", ids["c1"]).split() == [ids["c1"].encode()]
    with pytest.raises(GitFailure):
        there.git("cat-file", "-e", ids["c0"])


def test_a_url_that_leads_nowhere(tmp_path: Path) -> None:
    """A wrong URL gives one sentence with the fix, and no prompt for a password."""
    with pytest.raises(EnvironmentFault, match="cannot clone .* or set `repository: bundle`"):
        clone((tmp_path / "nowhere").as_uri(), tmp_path / "clone")
