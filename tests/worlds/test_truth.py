"""The worlds themselves: their truth is true, and wrong answers count as wrong."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.git_history import git
from tests.worlds.generate import generate
from tests.worlds.judging import Grade, judge
from tests.worlds.scene import Run, Scene
from tests.worlds.traps import TRAPS, compatible
from tests.worlds.world import Truth, World

SEED, WORLDS = 3, 8

_NO_VERDICT = (125, 126, 127)


def _can_be_checked(world: World) -> bool:
    """Whether a fresh checkout of each commit is enough, with exit codes that never change."""
    by_exit_code = "predicate" not in world.hunt and not any("flaky" in trap for trap in world.traps)
    return by_exit_code and len(world.starts) == 1 and "paths" not in world.hunt


def _verdict(scene: Scene, commit: str) -> str:
    """The verdict on a commit that is built and tested in a new folder with a new home."""
    place = scene.folder / "fresh" / commit
    for below in ("tree", "home", "tmp"):
        (place / below).mkdir(parents=True)
    git(scene.folder / "repo", "--work-tree", str(place / "tree"), "checkout", "-qf", commit, "--", ".")
    environment = {**os.environ, "HOME": str(place / "home"), "TMPDIR": str(place / "tmp")}
    environment["GIT_CEILING_DIRECTORIES"] = str(place)
    hunt = scene.world.hunt
    for part in [hunt[key] for key in ("build", "test") if key in hunt]:
        done = subprocess.run(
            part["command"], shell=True, cwd=place / "tree", env=environment, **_SILENT, check=False
        )
        if done.returncode and (part is not hunt["test"] or done.returncode in _NO_VERDICT):
            return "untestable"
    return "bad" if done.returncode else "good"


_SILENT: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _worlds() -> list[World]:
    worlds = (generate(SEED, number) for number in itertools.count())
    return list(itertools.islice(filter(_can_be_checked, worlds), WORLDS))


@pytest.mark.parametrize("world", _worlds(), ids=lambda world: str(world.number))
def test_the_truth_of_a_world_is_true(tmp_path: Path, world: World) -> None:
    """Built by hand, the right commit is bad, its parents are good, and this is true for no other commit."""
    scene, truth = Scene(world, tmp_path / "world"), world.starts[0].truth
    found = {name: _verdict(scene, commit) for name, commit in scene.ids.items()}
    parents = {node.name: list(node.parents) for node in world.nodes}
    if world.hunt.get("first_parent"):
        parents = {name: those[:1] for name, those in parents.items()}
    begins = [n for n in parents if found[n] == "bad" and all(found[p] == "good" for p in parents[n])]
    reached = _ancestors(parents, world.hunt["bad"]) - _ancestors(parents, world.hunt["good"])
    assert set(begins) & reached - truth.first == set()
    assert truth.first - truth.untestable <= {name for name, what in found.items() if what == "bad"}
    assert {name for name, what in found.items() if what == "untestable"} <= truth.untestable
    assert not truth.right or not truth.first


def _ancestors(parents: dict[str, list[str]], tip: str) -> set[str]:
    return {tip}.union(*(_ancestors(parents, parent) for parent in parents[tip]))


@pytest.mark.parametrize("number", range(20))
def test_a_world_is_a_function_of_seed_and_number(number: int) -> None:
    """A world with a wrong answer can be generated again."""
    assert generate(SEED, number) == generate(SEED, number)
    assert generate(SEED, number) != generate(SEED + 1, number)


def test_every_trap_is_set() -> None:
    """Consecutive numbers use all traps, alone and with others that are compatible."""
    worlds = [generate(SEED, number) for number in range(len(TRAPS))]
    assert {trap for world in worlds for trap in world.traps} == set(TRAPS)
    assert all(compatible(world.traps) for world in worlds)
    assert {len(world.traps) for world in worlds} == {1, 2, 3}


TRUTH = Truth(frozenset({"c3"}), untestable=frozenset({"c2"}))
IDS = {f"c{at}": f"id{at}" for at in range(6)}


def _said(code: int | None, err: str = "", left: Sequence[str] = (), **summary: object) -> Run:
    return Run(
        code, json.dumps({"reason": "", **summary}) if summary else "", err, 1.0, dict.fromkeys(left, 1)
    )


def _named(code: int, commit: str, confirmed: bool = True) -> Run:
    return _said(code, conclusion="first-bad", first_bad=commit, confirmed=confirmed)


@pytest.mark.parametrize(
    ("run", "grade"),
    [
        (_named(0, "id3"), Grade.RIGHT),
        (_named(0, "id4"), Grade.WRONG),
        (_named(0, "id3", confirmed=False), Grade.WRONG),
        (_named(5, "id4", confirmed=False), Grade.HONEST),
        (_said(4, conclusion="any-of", any_of=["id2", "id3"]), Grade.RIGHT),
        (_said(4, conclusion="any-of", any_of=["id3", "id4"]), Grade.HONEST),
        (_said(4, conclusion="any-of", any_of=["id4", "id5"]), Grade.WRONG),
        (_said(5, conclusion="inconclusive"), Grade.HONEST),
        (_said(3, conclusion="no-regression"), Grade.WRONG),
        (_said(7, conclusion="good-is-bad"), Grade.WRONG),
        (_said(6, "bisector: the disk is full"), Grade.WRONG),
        (_said(70, "internal error"), Grade.WRONG),
        (_said(0, "Traceback", conclusion="first-bad", first_bad="id3", confirmed=True), Grade.WRONG),
        (_said(0, "", ["processes"], conclusion="first-bad", first_bad="id3", confirmed=True), Grade.WRONG),
        (_said(None), Grade.WRONG),
    ],
)
def test_what_is_wrong_is_called_wrong(run: Run, grade: Grade) -> None:
    """A good commit, an unconfirmed one, a denial, a crash and leftovers are all wrong."""
    assert judge(run, TRUTH, IDS).grade is grade
