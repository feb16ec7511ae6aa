"""uv.lock: bumps, what moves along, and what uv itself makes of a mix."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.ecosystems import Client, Files, LockFileFault, NotWritten, bumps_between
from bisector.ecosystems.python.ecosystem import Python

from .served import served
from .wheels import simple_index, wheel

PYTHON = Python()
LOCK, PROJECT = "uv.lock", "pyproject.toml"

Chosen = Mapping[str, str]


def lock(
    chosen: Chosen, requires: Mapping[tuple[str, str], Sequence[str]], asked: Mapping[str, str]
) -> Files:
    """A lock file, and a project file that asks for these ranges."""
    asks = "".join(f'    {{ name = "{name}" }},\n' for name in asked)
    dist = "".join(f'    {{ name = "{name}", specifier = "{text}" }},\n' for name, text in asked.items())
    me = f"""\
[[package]]
name = "me"
version = "0.1"
source = {{ virtual = "." }}
dependencies = [
{asks}]

[package.metadata]
requires-dist = [
{dist}]
"""
    blocks = {"me": me}
    for name, version in chosen.items():
        needs = "".join(f'    {{ name = "{one}" }},\n' for one in requires.get((name, version), ()))
        blocks[name] = f"""\
[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://example.org/simple" }}
{f"dependencies = [{chr(10)}{needs}]{chr(10)}" if needs else ""}wheels = [
    {{ url = "https://example.org/{name}-{version}.whl", hash = "sha256:{version}" }},
]
"""
    head = 'version = 1\nrequires-python = ">=3.11"\n\n'
    text = head + "\n".join(blocks[name] for name in sorted(blocks))
    wanted = "".join(f'    "{name}{range_}",\n' for name, range_ in asked.items())
    project = f'[project]\nname = "me"  # mine\nversion = "0.1"\ndependencies = [\n{wanted}]\n'
    return {LOCK: text.encode(), PROJECT: project.encode()}


def locked(files: Mapping[str, bytes]) -> dict[str, str]:
    """The versions in a lock file, by package."""
    packages = tomllib.loads(files[LOCK].decode())["package"]
    return {one["name"]: one["version"] for one in packages if "registry" in one["source"]}


REQUIRES = {("app", "2.0"): ["dep", "extra"], ("app", "1.0"): ["dep"]}
BEFORE = lock({"app": "1.0", "dep": "1.0", "log": "1.0"}, REQUIRES, {"app": "<2", "log": ">=1"})
AFTER = lock(
    {"app": "2.0", "dep": "1.1", "extra": "1.0", "log": "1.1"}, REQUIRES, {"app": ">=2", "log": ">=1.1"}
)


def test_bumps() -> None:
    """What requires each other moves together, since uv.lock has no ranges. The project is no bump."""
    assert [(bump.package, bump.old, bump.new, bump.needs) for bump in bumps_between(BEFORE, AFTER)] == [
        ("app", "1.0", "2.0", ("dep", "extra")),
        ("dep", "1.0", "1.1", ("app", "extra")),
        ("extra", "", "1.0", ()),
        ("log", "1.0", "1.1", ()),
    ]


def test_a_mix_changes_only_what_moves() -> None:
    """The project's ranges for it move, in both files; every other byte stays."""
    mixed = PYTHON.mixed(BEFORE, AFTER, ["log"])
    old, new = BEFORE[LOCK].decode(), AFTER[LOCK].decode()
    block = old[old.index('[[package]]\nname = "log"') : old.index('[[package]]\nname = "me"')]
    other = new[new.index('[[package]]\nname = "log"') : new.index('[[package]]\nname = "me"')]
    assert mixed[LOCK].decode() == old.replace(block, other).replace('">=1"', '">=1.1"')
    assert mixed[PROJECT].decode() == BEFORE[PROJECT].decode().replace("log>=1", "log>=1.1")


def test_what_the_project_requires_moves_with_it() -> None:
    """A package that the project no longer asks for is not asked for in a mix without it."""
    after = lock({"log": "1.1"}, REQUIRES, {"log": ">=1.1"})
    mixed = PYTHON.mixed(BEFORE, after, ["app"])
    assert locked(mixed) == {"dep": "1.0", "log": "1.0"}
    assert b"app" not in mixed[PROJECT]
    assert b'"app"' not in mixed[LOCK]
    with_log = PYTHON.mixed(BEFORE, after, ["log"])
    assert locked(with_log) == {"app": "1.0", "dep": "1.0", "log": "1.1"}


NAMES = ("a", "b", "c", "d")
CHOSEN = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1.0", "1.1"]))
REGISTRIES = st.fixed_dictionaries(
    {
        (name, version): st.sets(st.sampled_from(NAMES), max_size=2)
        for name in NAMES
        for version in ("1.0", "1.1")
    }
)


@given(REGISTRIES, CHOSEN, CHOSEN, st.data())
def test_any_mix_has_all_that_it_requires(
    requires: Mapping[tuple[str, str], set[str]], old: Chosen, new: Chosen, data: st.DataObject
) -> None:
    """Without moves the files are as before; all moved are as after; none lacks what it requires."""

    def files(chosen: Chosen) -> Files:
        own = {
            key: sorted(needs & {*chosen}) for key, needs in requires.items() if chosen.get(key[0]) == key[1]
        }
        return lock(chosen, own, dict.fromkeys(chosen, ""))

    before, after = files(old), files(new)
    names = [bump.package for bump in PYTHON.bumps(before, after)]
    assert PYTHON.mixed(before, after, []) == before
    assert locked(PYTHON.mixed(before, after, names)) == locked(after)
    moved = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    mixed = PYTHON.mixed(before, after, moved)
    all_moved = PYTHON.along(before, after, moved)
    wanted = {name: version for name, version in old.items() if name not in all_moved}
    assert locked(mixed) == wanted | {name: version for name, version in new.items() if name in all_moved}
    for package in tomllib.loads(mixed[LOCK].decode())["package"]:
        assert {one["name"] for one in package.get("dependencies", [])} <= {*locked(mixed)}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[[package]]\nname = \n", r"uv.lock is damaged \(Invalid value"),
        (b"[[package]]\nversion = '1'\n", "uv.lock has no 'name' for a package"),
        (b"package = [{name = 'a', version = '1'}]\n", "not laid out as its package manager writes it"),
    ],
)
def test_a_damaged_file_is_one_sentence(content: bytes, told: str) -> None:
    """The file and what is wrong are named."""
    with pytest.raises(LockFileFault, match=told):
        bumps_between({LOCK: content}, AFTER)


WHEELS = {
    ("app", "1.0"): wheel("app", "1.0", ["dep>=1"]),
    ("app", "1.5"): wheel("app", "1.5", ["dep>=1"]),
    ("app", "2.0"): wheel("app", "2.0", ["dep>=1.1"]),
    ("dep", "1.0"): wheel("dep", "1.0"),
    ("dep", "1.1"): wheel("dep", "1.1"),
    ("log", "1.0"): wheel("log", "1.0"),
    ("log", "1.1"): wheel("log", "1.1"),
}


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """uv with an index of its own."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    with served(simple_index(WHEELS)) as address:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
        home = str(tmp_path_factory.mktemp("home"))
        yield Client(
            {**kept, "HOME": home, "UV_CACHE_DIR": f"{home}/cache", "UV_DEFAULT_INDEX": f"{address}/simple"}
        )


def resolved(uv: Client, *wanted: str) -> Files:
    """The files that uv writes for a project with these requirements."""
    asked = ", ".join(f'"{one}"' for one in wanted)
    project = (
        f'[project]\nname = "me"\nversion = "0.1"\nrequires-python = ">=3.11"\ndependencies = [{asked}]\n'
    )
    given = {PROJECT: project.encode()}
    return {**given, LOCK: uv(["sh", "-c", "uv lock && cat uv.lock"], given).output.encode()}


def test_uv_accepts_a_mix(uv: Client) -> None:
    """`uv lock --check` finds the mixed files whole, and they install."""
    before = resolved(uv, "app==1.0", "dep<1.1", "log==1.0")
    after = resolved(uv, "app==2.0", "dep", "log==1.1")
    assert locked(before) == {"app": "1.0", "dep": "1.0", "log": "1.0"}
    for moved, wanted in (
        (["log"], {"app": "1.0", "dep": "1.0", "log": "1.1"}),
        (["app"], {"app": "2.0", "dep": "1.1", "log": "1.0"}),
    ):
        mixed = PYTHON.mixed(before, after, moved)
        assert locked(mixed) == wanted
        uv(["uv", "lock", "--check"], mixed)
        uv(["uv", "sync", "--locked", "--no-install-project"], mixed)


def test_uv_locks_a_release_between(uv: Client) -> None:
    """Only this package moves, to what the project allows."""
    before = resolved(uv, "app<2", "dep<1.1", "log==1.0")
    at = PYTHON.at(before, "app", "1.0", ask=uv)
    assert locked(at) == {"app": "1.0", "dep": "1.0", "log": "1.0"}
    uv(["uv", "lock", "--check"], at)
    with pytest.raises(NotWritten, match="without its pyproject.toml"):
        PYTHON.at({LOCK: before[LOCK]}, "app", "1.0", ask=uv)
