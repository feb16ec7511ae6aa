"""Whatever can change an outcome changes the keys, and nothing else does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.errors import EnvironmentFault
from bisector.hunt.ground import Ground
from bisector.hunt_file import build
from bisector.predicate import Predicate
from bisector.probe import identity as recipe
from bisector.probe.identity import RECIPE, Enters, Identity
from tests.git_history import chain, write_history

PLUG_IN = """
import sys; sys.path.insert(0, {folder!r})
import beside
from bisector.predicate import Bad, Good, Options, Predicate
class Mine(Predicate):
    name = "mine"
    Options = Options
    def judge(self, run, baseline):
        return Good("low") if int(run.output) < beside.LIMIT else Bad("high")
"""


@dataclass
class World:
    """A repository, a hunt and everything around them, each part of which can be changed."""

    folder: Path
    values: dict[str, Any]
    environment: dict[str, str]
    predicate: Predicate[Any] | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """A file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def git(self, *words: str) -> None:
        """Run git in the repository."""
        subprocess.run(["git", "-C", str(self.folder / "repo"), *words], check=True, capture_output=True)

    def identity(self, without: str = "") -> Identity:
        """What the hunt is now, with a recipe that lacks the ingredient `without`."""
        ground = Ground(build(self.values, self.folder, None), self.folder / "h.yaml", self.environment)
        ids = {name: ground.repository.resolve(self.values[name]) for name in ("good", "bad")}
        known = {
            "hunt": ground.hunt,
            "repository": ground.repository,
            "environment": ground.seen,
            "ends": ids,
            "compiler": ground.compiler,
            "predicate": self.predicate or ground.predicate,
            "good": [ids["good"]],
            "recipe": [one for one in RECIPE if one.name != without],
        }
        return Identity(**{**known, **self.fields})


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A hunt that uses everything a recipe knows."""
    write_history(tmp_path / "repo", chain(4, {0: {"src/a": "0"}, 1: {"src/a": "1"}, 2: {"doc": "x"}}))
    values = {
        "repository": str(tmp_path / "repo"),
        "good": "main~3",
        "bad": "main",
        "scratch": str(tmp_path / "scratch"),
        "build.command": f"compiler {tmp_path}/make.sh",
        "build.identity": f"cat {tmp_path}/version",
        "test.command": f"runner && sh {tmp_path}/check.sh > {tmp_path}/log",
        "environment.pass": ["FLAG"],
        "overlay": [
            {"file": str(tmp_path / "over"), "to": "src/over"},
            {"copy": "doc", "from": "moving", "optional": True},
        ],
        "predicate": {"name": "mine.py"},
    }
    one = World(tmp_path, values, {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "FLAG": "1"})
    for tool in ("compiler", "runner"):
        one.write(f"bin/{tool}", "#!/bin/sh\n", 0o755)
    for script in ("make.sh", "check.sh"):
        one.write(script, "true\n")
    one.write("version", "5.1\n")
    one.write("over/bench", "1\n")
    one.write("mine.py", PLUG_IN.format(folder=str(tmp_path)))
    one.write("beside.py", "LIMIT = 3\n")
    one.git("branch", "moving", "main~2")
    return one


def _said(key: str, value: Any) -> Callable[[World], None]:
    return lambda world: world.values.update({key: value})


def _written(name: str, text: str, mode: int = 0o644) -> Callable[[World], None]:
    return lambda world: world.write(name, text, mode) and None


def _else(key: str, value: Any) -> Callable[[World], None]:
    return lambda world: world.fields.update({key: value})


def _fast(world: World) -> None:
    """A predicate that goes by how fast the computer is."""
    ground = Ground(build({**world.values, "predicate": "wall_time"}, world.folder, None), None, {})
    world.predicate = ground.predicate


def _renamed(world: World) -> None:
    (world.folder / "over/bench").rename(world.folder / "over/other")


def _moved(world: World) -> None:
    (world.folder / "repo").rename(world.folder / "moved")
    world.values["repository"] = str(world.folder / "moved")


CHANGES: dict[str, list[Callable[[World], None]]] = {
    "`build`": [_said("build.timeout", "1m")],
    "what `build.identity` prints": [_written("version", "5.2\n")],
    "a program of the build": [_written("bin/compiler", "#!/bin/sh\nexit 0\n", 0o755)],
    "a file that the build names": [_written("make.sh", "false\n")],
    "a variable": [
        lambda world: world.environment.update(FLAG="2"),
        lambda world: world.environment.update(TZ="UTC+3"),
        _said("environment.set", {"FLAG": "3"}),
    ],
    "`sandbox`": [_said("sandbox", "bwrap")],
    "`test`": [_said("test.timeout", "1m")],
    "a program of the test": [_written("bin/runner", "#!/bin/sh\nexit 1\n", 0o755)],
    "a file that the test names": [_written("check.sh", "false\n")],
    "the overlay": [
        _written("over/bench", "2\n"),
        _written("over/bench", "1\n", 0o755),
        _written("over/more", ""),
        _renamed,
        lambda world: (world.folder / "over/link").symlink_to("bench"),
        lambda world: (world.folder / "over/empty").mkdir(),
        lambda world: world.git("branch", "-f", "moving", "main~1"),
    ],
    "`suites`": [_said("suites", {"scoreboard": "board.json"})],
    "`predicate`": [_said("predicate", {"name": "mine.py:Mine"})],
    "the predicate's file": [
        _written("mine.py", "# edited\n" + PLUG_IN.format(folder=".")),
        _written("beside.py", "LIMIT = 2\n"),
    ],
    "`repository`": [
        _moved,
    ],
    "the name of the hunt": [_said("hunt", "another")],
    "`good`": [_else("good", ["another"])],
    "`bad`": [_else("ends", {"good": "0" * 40, "bad": "1" * 40})],
    "the range": [_said("first_parent", True), _said("paths", ["src"])],
}
"""For each ingredient what a user may do that changes it."""
OF_THE_MACHINE = {"the kind of machine", "the computer"}
CASES = [(name, change) for name, changes in CHANGES.items() for change in changes]
NAMES = [f"{name}-{at}" for at, (name, _) in enumerate(CASES)]


def test_every_ingredient_has_its_change() -> None:
    """The recipe holds exactly what is tried here: none is forgotten, none is left out."""
    assert {one.name for one in RECIPE} == {*CHANGES, *OF_THE_MACHINE}


@pytest.mark.parametrize(("name", "change"), CASES, ids=NAMES)
def test_a_change_makes_another_hunt_and_only_its_own_ingredient_tells(
    world: World, name: str, change: Callable[[World], None]
) -> None:
    """The hunt's key changes with each ingredient, and would not if the recipe lacked that one."""
    before, without = world.identity(), world.identity(without=name)
    before_key, without_key = before.key, without.key
    entered = next(one.enters for one in RECIPE if one.name == name)
    at = list(before.ends.values())
    tests, builds = before.tests(at), before.builds(at)
    change(world)
    after = world.identity()
    assert after.key != before_key
    assert world.identity(without=name).key == without_key
    if name != "`bad`":
        assert (after.tests(at) != tests) == (entered <= Enters.TEST)
        assert (after.builds(at) != builds) == (entered <= Enters.BUILD or name == "the overlay")


def test_nothing_changes_by_itself(world: World) -> None:
    """Two starts under the same conditions are the same hunt, wherever the terminal says it is."""
    before = world.identity().key
    world.write("log", "written by the test\n")
    world.environment.update(SSH_TTY="/dev/pts/7", SHLVL="3", TERM="vt100", UNSEEN="1")
    assert world.identity().key == before


def test_readings_that_go_by_the_clock_belong_to_one_computer(world: World) -> None:
    """A measured hunt has its computer in the key, one for verdicts does not."""
    digest = {one.name: one for one in RECIPE}["the computer"].value
    assert digest(world.identity()) is None
    _fast(world)
    assert digest(world.identity()) is not None


def test_a_failing_identity_is_one_sentence_with_its_line(world: World) -> None:
    """What `build.identity` complains of is told, with the place to mend it."""
    world.values["build.identity"] = "echo no compiler >&2; exit 3"
    with pytest.raises(EnvironmentFault, match=r"build\.identity.*fails \(exit 3: no compiler\)"):
        world.identity()
    world.values["build.identity"] = "true"
    with pytest.raises(EnvironmentFault, match="prints nothing"):
        world.identity()


def test_an_overlay_elsewhere_with_the_same_bytes_is_the_same(world: World) -> None:
    """What is brought in counts, not where it lies."""
    before = world.identity().key
    (world.folder / "over").rename(world.folder / "away")
    world.values["overlay"] = [
        {"file": str(world.folder / "away"), "to": "src/over"},
        *world.values["overlay"][1:],
    ]
    assert world.identity().key == before


@given(st.text(min_size=1), st.text(min_size=1))
def test_digests_tell_any_two_values_apart(one: str, other: str) -> None:
    """Equal digests mean equal values."""
    assert (recipe._digest({"A": one}) == recipe._digest({"A": other})) == (one == other)
