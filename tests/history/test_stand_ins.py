"""Commits of bisector's own: in its private repository only, with the same ids each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.history.private import PrivateRepository, private_in
from bisector.history.repository import Repository
from bisector.history.stand_ins import Contents, StandIn, changed_on_both, merged_tree, write
from tests.git_history import Node, git, write_history


@pytest.fixture
def forked(tmp_path: Path) -> tuple[Path, dict[str, str], PrivateRepository]:
    """A base with two sides that merge, and one that conflicts with `one`."""
    nodes = [
        Node("base", [], {"a": "1\n", "b": "1\n"}),
        Node("one", ["base"], {"a": "2\n"}),
        Node("two", ["base"], {"b": "2\n"}),
        Node("three", ["base"], {"a": "3\n"}),
        Node("all", ["one", "two", "three"]),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    return tmp_path / "repo", ids, private_in(tmp_path / "repositories", Repository(tmp_path / "repo"))


def test_stand_ins_are_shown_as_what_they_stand_for(
    forked: tuple[Path, dict[str, str], PrivateRepository],
) -> None:
    """They have the parents and files asked for, and the user's repository has none of them."""
    repo, ids, private = forked
    before = git(repo, "count-objects", "-v") + git(repo, "for-each-ref")
    info = private.repository.infos([ids["one"], ids["two"]])
    link = "5" * 40
    wanted = [
        StandIn(Contents(ids["one"]), info[ids["one"]]),
        StandIn(Contents(ids["two"], {"lib/x": link}), info[ids["two"]], (0,)),
    ]
    own = write(private, wanted)
    assert own == write(private, wanted)
    assert private.repository.parents(own[1]) == (own[0],)
    assert f"160000 commit {link}\tlib/x" in private.repository.git("ls-tree", "-r", own[1]).decode()
    shown = private.repository.infos(own)[own[1]]
    assert (shown.id, shown.subject, shown.parents) == (ids["two"], "two", (own[0],))
    assert git(repo, "count-objects", "-v") + git(repo, "for-each-ref") == before
    assert not list(private.folder.glob("stand-ins-*"))


def test_sides_that_conflict_have_no_merged_tree(
    forked: tuple[Path, dict[str, str], PrivateRepository],
) -> None:
    """Sides that do not conflict have the files of both."""
    _, ids, private = forked
    tree = merged_tree(private, ids["one"], ids["two"])
    assert [private.repository.git("show", f"{tree}:{name}") for name in "ab"] == [b"2\n", b"2\n"]
    assert merged_tree(private, ids["one"], ids["three"]) == ""
    assert changed_on_both(private.repository, ids["one"], ids["three"]) == (["a"], [], [])
    assert changed_on_both(private.repository, ids["one"], ids["two"]) == ([], ["a"], ["b"])
