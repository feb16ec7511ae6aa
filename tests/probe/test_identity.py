"""Everything that can change an outcome changes the keys, and nothing else does."""

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
from tests.git_history import Node, chain, git, write_history

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
    """A repository, a hunt and their surroundings. Each part can be changed."""

    folder: Path
    values: dict[str, Any]
    environment: dict[str, str]
    predicate: Predicate[Any] | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Write a file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def git(self, *words: str) -> None:
        """Run git in the repository."""
        subprocess.run(["git", "-C", str(self.folder / "repo"), *words], check=True, capture_output=True)

    def identity(self, without: str = "") -> Identity:
        """The identity of the hunt now, with a recipe that lacks the ingredient `without`."""
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
    """A hunt that uses everything that a recipe may contain."""
    modules = '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n'
    first = {"src/a": "0", "lock": "1", ".gitmodules": modules, "lib": "1" * 40}
    nodes = [Node("c0", [], first, {"lib": "160000"}), Node("c1", ["c0"], {"src/a": "1"})]
    nodes += [Node("c2", ["c1"], {"doc": "x"}), Node("c3", ["c2"])]
    write_history(tmp_path / "repo", nodes)
    values = {
        "repository": str(tmp_path / "repo"),
        "good": "main~3",
        "bad": "main",
        "scratch": str(tmp_path / "scratch"),
        "setup": {"command": f"installer {tmp_path}/setup.sh", "key": ["lock"], "keeps": ["deps"]},
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
    for tool in ("installer", "compiler", "runner"):
        one.write(f"bin/{tool}", "#!/bin/sh\n", 0o755)
    for script in ("setup.sh", "make.sh", "check.sh"):
        one.write(script, "true\n")
    one.write("version", "5.1\n")
    one.write("smudge.sh", "cat\n")
    one.git("config", "filter.f.smudge", f"sh {tmp_path}/smudge.sh")
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
    """A predicate that depends on the speed of the computer."""
    ground = Ground(build({**world.values, "predicate": "wall_time"}, world.folder, None), None, {})
    world.predicate = ground.predicate


def _renamed(world: World) -> None:
    (world.folder / "over/bench").rename(world.folder / "over/other")


def _moved(world: World) -> None:
    (world.folder / "repo").rename(world.folder / "moved")
    world.values["repository"] = str(world.folder / "moved")


def _setup(**changes: Any) -> Callable[[World], None]:
    return lambda world: world.values.update(setup={**world.values["setup"], **changes})


CHANGES: dict[str, list[Callable[[World], None]]] = {
    "`setup`": [
        _setup(timeout="1m"),
        _setup(folder="src"),
        _setup(keeps=["deps", "more"]),
        _setup(key=["lock", "src"]),
    ],
    "a program of the setup": [_written("bin/installer", "#!/bin/sh\nexit 0\n", 0o755)],
    "a file that the setup names": [_written("setup.sh", "false\n")],
    "git's settings for a checkout": [
        lambda world: world.git("config", "filter.f.smudge", "tr a b"),
        lambda world: world.git("config", "core.autocrlf", "true"),
        _written("smudge.sh", "tr a b\n"),
        _written("repo/.git/info/attributes", "* filter=f\n"),
    ],
    "the submodules that are not initialised": [
        _written("repo/.git/modules/lib/HEAD", "ref: refs/heads/main")
    ],
    "`build`": [_said("build.timeout", "1m")],
    "what `build.identity` prints": [_written("version", "5.2\n")],
    "a program of the build": [_written("bin/compiler", "#!/bin/sh\nexit 0\n", 0o755)],
    "a file that the build names": [_written("make.sh", "false\n")],
    "a variable": [
        lambda world: world.environment.update(FLAG="2"),
        lambda world: world.environment.update(TZ="UTC+3"),
        _said("environment.set", {"FLAG": "3"}),
    ],
    "`sandbox`": [_said("sandbox", "bwrap"), _said("sandbox_reads", ["/tmp/tools"])],
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
    "`bad`": [_said("bad", "main~1")],
    "the range": [_said("first_parent", True), _said("paths", ["src"])],
}
"""For each ingredient, a change that a user may make to it."""
OF_THE_MACHINE = {"the kind of machine", "the computer"}
CASES = [(name, change) for name, changes in CHANGES.items() for change in changes]
NAMES = [f"{name}-{at}" for at, (name, _) in enumerate(CASES)]


def test_every_ingredient_has_its_change() -> None:
    """The recipe contains exactly the ingredients that are tested here."""
    assert {one.name for one in RECIPE} == {*CHANGES, *OF_THE_MACHINE}


@pytest.mark.parametrize(("name", "change"), CASES, ids=NAMES)
def test_a_change_makes_another_hunt_and_only_its_own_ingredient_tells(
    world: World, name: str, change: Callable[[World], None]
) -> None:
    """The hunt's key changes with each ingredient, and would not if the recipe lacked that ingredient."""
    before, without = world.identity(), world.identity(without=name)
    before_key, without_key = before.key, without.key
    entered = next(one.enters for one in RECIPE if one.name == name)
    at = list(before.ends.values())
    tests, builds, setups = before.tests(at), before.builds(at), before.setups(at)
    change(world)
    after = world.identity()
    assert after.key != before_key
    assert world.identity(without=name).key == without_key
    if name != "`bad`":
        assert (after.tests(at) != tests) == (entered <= Enters.TEST)
        assert (after.builds(at) != builds) == (entered <= Enters.BUILD or name == "the overlay")
        assert (after.setups(at) != setups) == (entered <= Enters.SETUP)


def test_nothing_changes_by_itself(world: World) -> None:
    """Two starts under the same conditions are the same hunt, in any terminal."""
    before = world.identity().key
    world.write("log", "written by the test\n")
    world.environment.update(SSH_TTY="/dev/pts/7", SHLVL="3", TERM="vt100", UNSEEN="1")
    assert world.identity().key == before


def _locked(folder: Path, commits: dict[int, dict[str, str | None]]) -> World:
    """A hunt whose setup depends on the file `lock`, over a history of its own."""
    write_history(folder / "repo", chain(len(commits), commits))
    said = {"command": "x", "key": ["lock"], "keeps": ["deps"]}
    values = {"repository": str(folder / "repo"), "good": "main~1", "bad": "main", "test.command": "y"}
    return World(folder, {**values, "scratch": str(folder / "s"), "setup": said}, {"PATH": "/bin"})


def _setups(world: World, *, clean: bool = False) -> list[tuple[str, ...]]:
    """The setup keys of all commits, oldest first."""
    ids = git(world.folder / "repo", "rev-list", "--reverse", "main").split()
    return world.identity().setups(ids, clean=clean)


def test_a_setup_depends_on_its_key_files_alone(tmp_path: Path) -> None:
    """Their contents, their absence and their names count; in a clean setup the whole tree."""
    files: dict[int, dict[str, str | None]] = {0: {"lock": "1"}, 1: {"a": "1"}, 2: {"lock": "2"}}
    world = _locked(tmp_path, {**files, 3: {"lock": None}, 4: {"lock": "1", "a": None}})
    one, same, two, none, again = _setups(world)
    assert one == same == again
    assert len({one, two, none}) == 3
    assert len(set(_setups(world, clean=True))) == 4
    assert not set(_setups(world, clean=True)) & set(_setups(world))


def test_a_key_file_is_an_input_of_build_and_test(tmp_path: Path) -> None:
    """Commits that differ in it share no build and no reading, whatever inputs are declared."""
    world = _locked(tmp_path, {0: {"lock": "1", "n": "1"}, 1: {"lock": "2"}, 2: {"other": "1"}})
    world.values.update({"build.command": "b", "build.inputs": ["n"], "test.inputs": ["n"]})
    ids = git(tmp_path / "repo", "rev-list", "--reverse", "main").split()
    identity = world.identity()
    for keys in (identity.builds(ids), identity.tests(ids)):
        assert len(set(keys)) == 2
        assert keys[1] == keys[2]
    assert recipe.inputs_of(identity.hunt) == ("n", "lock")


@pytest.mark.parametrize(
    ("overlay", "keys"),
    [
        ([{"copy": "lock"}], 1),
        ([{"copy": "lock", "optional": True}], 2),
        ([{"copy": "lock"}, {"edit": "lock", "find": "2", "replace": "3", "optional": True}], 1),
        ([{"edit": "lock", "find": "2", "replace": "3", "optional": True}], 2),
        ([{"copy": "lock"}, {"patch": "any.patch", "optional": True}], 2),
    ],
)
def test_an_overlay_may_give_all_commits_the_same_key_file(
    tmp_path: Path, overlay: list[dict[str, Any]], keys: int
) -> None:
    """Only where it replaces the file in every commit does the commit's own file not count."""
    (tmp_path / "any.patch").write_text("x")
    world = _locked(tmp_path, {0: {"lock": "1"}, 1: {"lock": "2"}})
    plain = _setups(world)
    world.values["overlay"] = overlay
    assert len(set(_setups(world))) == keys
    assert not set(_setups(world)) & set(plain)


def test_readings_that_go_by_the_clock_belong_to_one_computer(world: World) -> None:
    """A measured hunt has its computer in the key, and a hunt for verdicts does not."""
    digest = {one.name: one for one in RECIPE}["the computer"].value
    assert digest(world.identity()) is None
    _fast(world)
    assert digest(world.identity()) is not None


def test_a_failing_identity_is_one_sentence_with_its_line(world: World) -> None:
    """The message of `build.identity` is shown, with the line to fix."""
    world.values["build.identity"] = "echo no compiler >&2; exit 3"
    with pytest.raises(EnvironmentFault, match=r"build\.identity.*fails \(exit 3: no compiler\)"):
        world.identity()
    world.values["build.identity"] = "true"
    with pytest.raises(EnvironmentFault, match="prints nothing"):
        world.identity()


def test_an_overlay_elsewhere_with_the_same_bytes_is_the_same(world: World) -> None:
    """The contents of the overlay count, not its path."""
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
