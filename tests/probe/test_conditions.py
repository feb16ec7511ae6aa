"""Which commits get a change of the overlay, and that their keys tell them from commits that do not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bisector.errors import HistoryError
from bisector.history.repository import Repository
from bisector.history.stand_ins import Contents, StandIn, write
from bisector.hunt_file import build
from bisector.probe.identity import Identity
from tests.git_history import Node, git, write_history
from tests.worktrees import private

NODES = [
    Node("c0", [], {"src/a": "0", "t.sh": "true"}),
    Node("c1", ["c0"], {"old/x": "1"}),
    Node("side", ["c0"], {"s": "1"}),
    Node("c2", ["c1", "side"], {"s": "1"}),
    Node("c3", ["c2"], {"old/x": None}),
    Node("c4", ["c3"], {"doc": "4"}),
]


class World:
    """A history, and the identity of a hunt in it with one change of the overlay."""

    def __init__(self, folder: Path, when: dict[str, Any] | None, **said: Any) -> None:
        self.folder = folder
        self.ids = write_history(folder / "repo", NODES)
        self.names = {identity: name for name, identity in self.ids.items()}
        git(folder / "repo", "tag", "v1", self.ids["c1"])
        self.repository = Repository(folder / "repo")
        entry = {"edit": "t.sh", "find": "true", "replace": "false", "when": when}
        values = {"repository": str(folder / "repo"), "good": self.ids["c0"], "bad": self.ids["c4"]}
        keys = {key.replace("__", "."): value for key, value in said.items()}
        self.hunt = build({**values, "test.command": "sh t.sh", "overlay": [entry], **keys}, folder, None)

    @property
    def identity(self) -> Identity:
        """The identity of the hunt now."""
        ends = {"good": self.ids["c0"], "bad": self.ids["c4"]}
        return Identity(self.hunt, self.repository, {"PATH": os.environ["PATH"]}, ends)

    def changed(self) -> set[str]:
        """The names of the commits that get the change."""
        met = self.identity.conditions.met_by(list(self.ids.values()))
        return {name for name, at in zip(self.ids, met, strict=True) if at}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (None, {"c0", "c1", "side", "c2", "c3", "c4"}),
        ({"between": ["v1", "bad"]}, {"side", "c2", "c3", "c4"}),
        ({"between": ["good", "v1"]}, {"c1"}),
        ({"contains": "v1"}, {"c1", "c2", "c3", "c4"}),
        ({"contains": "good"}, {"c0", "c1", "side", "c2", "c3", "c4"}),
        ({"touches": "old"}, {"c1", "c2"}),
        ({"touches": "old/x", "contains": "v1", "between": ["v1", "bad"]}, {"c2"}),
    ],
)
def test_all_conditions_must_hold(tmp_path: Path, when: dict[str, Any] | None, expected: set[str]) -> None:
    """A range is that of git, a path is that of the commit, and a commit contains itself."""
    assert World(tmp_path, when).changed() == expected


def test_an_empty_range_is_refused(tmp_path: Path) -> None:
    """A swapped range would change no commit at all, which nobody means."""
    with pytest.raises(HistoryError, match=r"between: \[bad, good\] names no commit.*swapped"):
        World(tmp_path, {"between": ["bad", "good"]}).changed()


def test_a_revision_that_does_not_exist_is_named_with_its_key(tmp_path: Path) -> None:
    """The hunt does not begin."""
    with pytest.raises(HistoryError, match="overlay.*has no commit 'v9'"):
        World(tmp_path, {"contains": "v9"}).changed()


def test_commits_with_the_same_inputs_have_their_own_keys(tmp_path: Path) -> None:
    """c3 and c4 differ in no input; only one of them gets the change of a file that only the test reads."""
    world = World(
        tmp_path,
        {"contains": "main"},
        build__command="cp src/a out",
        build__inputs=["src"],
        build__outputs=["out"],
        test__inputs=["t.sh"],
    )
    one, other = world.ids["c3"], world.ids["c4"]
    builds, tests = (of([one, other]) for of in (world.identity.builds, world.identity.tests))
    assert builds[0] == builds[1]
    assert tests[0] != tests[1]
    assert len(set(world.identity.tested([one, other]))) == 2


def test_a_moved_revision_is_another_recipe(tmp_path: Path) -> None:
    """A tag that moves changes which commits get the change, so no earlier reading counts."""
    world = World(tmp_path, {"contains": "v1"})
    before, keys = world.identity.key, world.identity.builds([world.ids["c1"]])
    git(tmp_path / "repo", "tag", "--force", "v1", world.ids["c3"])
    assert world.identity.key != before
    assert world.changed() == {"c3", "c4"}
    assert world.identity.builds([world.ids["c1"]]) == keys  # It has no build, so no input of one.


def test_a_commit_of_our_own_counts_as_the_one_that_it_was_laid_out_from(tmp_path: Path) -> None:
    """A stand-in has other ancestors, but the conditions are about the history of the user."""
    world = World(tmp_path, {"contains": "v1"})
    infos = world.repository.infos([world.ids["c4"], world.ids["side"]])
    wanted = [StandIn(Contents(one), info) for one, info in infos.items()]
    # A submodule's commit, laid out in a commit of the superproject.
    wanted.append(StandIn(Contents(world.ids["c3"], {"lib": "1" * 40}), infos[world.ids["side"]]))
    own = write(private(tmp_path / "repo"), wanted)
    identity = world.identity
    private(tmp_path / "repo").refresh()
    borrowed = private(tmp_path / "repo")
    borrowed.refresh()
    identity = Identity(world.hunt, borrowed.repository, identity.environment, identity.ends)
    assert identity.conditions.met_by(own) == [(0,), (), (0,)]
