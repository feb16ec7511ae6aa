"""npm's lock file: bumps, what must move along, and what npm itself makes of a mix."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.ecosystems import Client, Files, LockFileFault, NotSupported, NotWritten, bumps_between
from bisector.ecosystems.npm.ecosystem import Npm

from .npm_packages import registry
from .served import served

NPM = Npm()
LOCK, MANIFEST = "package-lock.json", "package.json"

Needs = Mapping[str, str]


def lock(project: Needs, entries: Mapping[str, tuple[str, Needs]], version: int = 3) -> Files:
    """A lock file and its manifest. Entries have their key without the leading `node_modules/`."""
    packages: dict[str, Any] = {"": {"name": "me", "dependencies": dict(project)}}
    for key, (number, needs) in sorted(entries.items()):
        packages[f"node_modules/{key}"] = {
            "version": number,
            "resolved": f"https://r.example/{key}-{number}.tgz",
            "integrity": f"sha512-{number}",
            **({"dependencies": dict(needs)} if needs else {}),
        }
    document = {"name": "me", "lockfileVersion": version, "requires": True, "packages": packages}
    manifest = {"name": "me", "scripts": {"test": "node ."}, "dependencies": dict(project)}
    return {LOCK: _json(document), MANIFEST: _json(manifest)}


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()


def locked(files: Mapping[str, bytes]) -> dict[str, str]:
    """The versions in a lock file, by key."""
    packages = json.loads(files[LOCK])["packages"]
    return {key.removeprefix("node_modules/"): one["version"] for key, one in packages.items() if key}


def ranges(files: Mapping[str, bytes]) -> dict[str, str]:
    """What the manifest asks for, which the lock file repeats."""
    found: dict[str, str] = json.loads(files[MANIFEST])["dependencies"]
    assert json.loads(files[LOCK])["packages"][""]["dependencies"] == found
    return found


BEFORE = lock(
    {"app": "^1.0.0", "log": "^1.0.0"},
    {"app": ("1.0.0", {"dep": "^1.0.0"}), "dep": ("1.2.0", {}), "log": ("1.0.0", {"dep": "^1.0.0"})},
)
AFTER = lock(
    {"app": "^2.0.0", "log": "^1.1.0"},
    {
        "app": ("2.0.0", {"dep": "^2.0.0"}),
        "dep": ("2.1.0", {}),
        "log": ("1.1.0", {"dep": "^1.0.0"}),
        "log/node_modules/dep": ("1.3.0", {}),
    },
)


def test_bumps() -> None:
    """The copy inside log moves with log; app needs the new dep, and dep needs log's own copy."""
    bumps = bumps_between(BEFORE, AFTER)
    assert [(bump.package, bump.old, bump.new, bump.needs) for bump in bumps] == [
        ("app", "1.0.0", "2.0.0", ("dep", "log")),
        ("dep", "1.2.0", "2.1.0", ("app", "log")),
        ("log", "1.0.0", "1.1.0", ()),
    ]


def test_a_mix_moves_a_package_with_what_is_inside_it() -> None:
    """The rest of the lock file and the manifest stay, with their ranges."""
    mixed = NPM.mixed(BEFORE, AFTER, ["log"])
    assert locked(mixed) == {"app": "1.0.0", "dep": "1.2.0", "log": "1.1.0", "log/node_modules/dep": "1.3.0"}
    assert ranges(mixed) == {"app": "^1.0.0", "log": "^1.1.0"}
    assert json.loads(mixed[MANIFEST])["scripts"] == {"test": "node ."}


def test_a_package_moves_with_what_it_needs() -> None:
    """A range that the old lock file meets moves nothing; one that it does not meet moves the package."""
    before = lock({"app": "1", "dep": "*"}, {"app": ("1.0.0", {"dep": "1"}), "dep": ("1.2.0", {})})
    for wanted, along in (("^1.1.0", ()), ("^1.3.0", ("dep",))):
        after = lock({"app": "1", "dep": "*"}, {"app": ("1.5.0", {"dep": wanted}), "dep": ("1.4.0", {})})
        bumps = {bump.package: bump.needs for bump in NPM.bumps(before, after)}
        assert bumps == {"app": along, "dep": ()}
        assert locked(NPM.mixed(before, after, ["app"]))["dep"] == ("1.4.0" if along else "1.2.0")
        assert NPM.along(before, after, ["app"]) == {"app", *along}


def test_steps_are_whole_one_after_the_other() -> None:
    """What needs nothing comes first; what needs each other comes together."""
    assert NPM.steps(BEFORE, AFTER) == [{"log"}, {"app", "dep"}]


def test_a_copy_that_changes_inside_a_package_that_stays() -> None:
    """It is a bump of its own, named with the package around it."""
    before = lock({"app": "1"}, {"app": ("1.0.0", {"dep": "1"}), "app/node_modules/dep": ("1.2.0", {})})
    after = lock({"app": "1"}, {"app": ("1.0.0", {"dep": "1"}), "app/node_modules/dep": ("1.3.0", {})})
    [bump] = bumps_between(before, after)
    assert (bump.package, bump.old, bump.new) == ("app>dep", "1.2.0", "1.3.0")
    with pytest.raises(NotSupported, match="cannot move app>dep, which is inside another package"):
        NPM.at(before, "app>dep", "1.2.5", ask=Client({}))


def test_a_republished_version_is_a_bump() -> None:
    """The same version with another hash is told with both."""
    after = {**BEFORE, LOCK: BEFORE[LOCK].replace(b'"sha512-1.2.0"', b'"sha512-forged"')}
    [bump] = bumps_between(BEFORE, after)
    assert (bump.package, bump.old, bump.new) == ("dep", "1.2.0 (sha512-1.2.0)", "1.2.0 (sha512-forged)")


NAMES = ("a", "b", "c", "d")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
REGISTRIES = st.fixed_dictionaries(
    {
        (name, version): st.dictionaries(
            st.sampled_from(NAMES), st.sampled_from(["^1.0.0", "^1.1.0", ">=1.1.0", "*"]), max_size=2
        )
        for name in NAMES
        for version in VERSIONS
    }
)
"""What each version of each package requires."""
CHOSEN = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VERSIONS), max_size=4)


def whole(chosen: Mapping[str, str], requires: Mapping[tuple[str, str], Needs]) -> Files:
    """A lock file in which every range is met: what the chosen packages lack is put inside them."""
    graph = {name: (version, requires[name, version]) for name, version in chosen.items()}
    entries: dict[str, tuple[str, Needs]] = dict(graph)
    for name, (_, needs) in graph.items():
        for one, allowed in needs.items():
            version = graph[one][0] if one in graph else ""
            met = {"^1.0.0": version[:2] == "1.", "^1.1.0": version == "1.1.0", "*": bool(version)}
            if not met.get(allowed, version > "1.0.0"):
                entries[f"{name}/node_modules/{one}"] = ("1.1.0", {})
    return lock(dict.fromkeys(graph, "*"), entries)


@given(REGISTRIES, CHOSEN, CHOSEN, st.data())
def test_any_mix_meets_every_range(
    requires: Mapping[tuple[str, str], Needs], old: Needs, new: Needs, data: st.DataObject
) -> None:
    """Without moves the files are as before; all moved are as after; some never leave a range unmet."""
    before, after = whole(old, requires), whole(new, requires)
    assert NPM.mixed(before, after, []) == before
    names = [bump.package for bump in NPM.bumps(before, after)]
    assert locked(NPM.mixed(before, after, names)) == locked(after)
    moved: set[str] = set()
    for step in NPM.steps(before, after):
        moved |= step
        assert NPM.along(before, after, moved) == moved
    assert moved == {*names}
    moved = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    mixed = NPM.mixed(before, after, moved)
    versions = locked(mixed)
    for key, entry in json.loads(mixed[LOCK])["packages"].items():
        inside = f"{key.removeprefix('node_modules/')}/node_modules/" if key else ""
        for name, allowed in entry.get("dependencies", {}).items():
            # Packages inside others have no requirements here, so that there are two places to look in.
            version = versions.get(inside + name) or versions[name]
            least = "1.1.0" if "1.1.0" in allowed else "1.0.0"
            assert version >= least
            assert version.startswith("1.") or not allowed.startswith("^")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", r"package-lock.json is damaged \(Expecting"),
        (b"[]", "it is no JSON object"),
        (b"\xff", "is not UTF-8 text"),
        (b'{"packages": []}', "has no `packages` as npm writes them"),
        (b'{"packages": {"": {"dependencies": 3}}}', "`dependencies` of the project is no object"),
    ],
)
def test_a_damaged_file_is_one_sentence(content: bytes, told: str) -> None:
    """The file and what is wrong are named."""
    with pytest.raises(LockFileFault, match=told):
        bumps_between({LOCK: content}, AFTER)


def test_npm_6() -> None:
    """Its bumps are told, and how to get a lock file that can be mixed."""
    before, after = (
        {LOCK: _json({"lockfileVersion": 1, "dependencies": {"a": {"version": one}}})}
        for one in ("1.0.0", "2.0.0")
    )
    assert [str(bump) for bump in bumps_between(before, after)] == ["a 1.0.0 -> 2.0.0"]
    with pytest.raises(NotWritten, match="npm 7 or newer upgrades it"):
        NPM.mixed(before, after, ["a"])


PACKAGES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("app", "1.0.0"): {"dependencies": {"dep": "^1.0.0"}},
    ("app", "1.5.0"): {"dependencies": {"dep": "^1.3.0"}},
    ("app", "2.0.0"): {"dependencies": {"dep": "^2.0.0"}},
    ("app", "2.1.0-rc.1"): {},
    ("dep", "1.0.0"): {},
    ("dep", "1.3.0"): {},
    ("dep", "2.1.0"): {},
    ("log", "1.0.0"): {"dependencies": {"dep": "^1.0.0"}},
    ("log", "1.1.0"): {"dependencies": {"dep": "^1.0.0"}},
}


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """npm with a registry of its own."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    pages: dict[str, tuple[str, bytes]] = {}
    with served(pages) as address:
        pages.update(registry(PACKAGES, address))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.lower().startswith("npm_")},
            "HOME": str(tmp_path_factory.mktemp("home")),
            "npm_config_registry": address,
            "npm_config_update_notifier": "false",
        }
        yield Client(environment)


def resolved(npm: Client, wanted: Needs, files: Files | None = None) -> Files:
    """The files that npm writes for these ranges; with lock `files`, from what they have."""
    manifest = {"name": "me", "version": "1.0.0", "dependencies": dict(wanted)}
    given = {LOCK: (files or {}).get(LOCK, b""), MANIFEST: _json(manifest)}
    if not given[LOCK]:
        given[LOCK] = _json({"name": "me", "lockfileVersion": 2, "packages": {}})
    return npm(["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"], given).files


def test_releases_come_from_the_registry_of_the_environment(npm: Client) -> None:
    """In order of versions, and downwards for a step back."""
    assert NPM.releases("app", "1.0.0", "2.0.0", ask=npm) == ["1.5.0", "2.0.0"]
    assert NPM.releases("dep", "2.1.0", "1.0.0", ask=npm) == ["1.3.0", "1.0.0"]
    with pytest.raises(NotWritten, match="dep is added or removed"):
        NPM.releases("dep", "", "1.0.0", ask=npm)


def test_npm_installs_what_is_mixed(npm: Client) -> None:
    """`npm ci`, which refuses a lock file that is not whole, accepts each mix of what npm wrote."""
    before = resolved(npm, {"app": "1.0.0", "log": "1.0.0"})
    after = resolved(npm, {"app": "2.0.0", "log": "1.1.0"})
    assert "dependencies" in json.loads(before[LOCK])
    for moved in (["app"], ["log"], ["app", "log"]):
        mixed = NPM.mixed(before, after, moved)
        npm(["npm", "ci", "--no-audit", "--no-fund"], mixed)
        assert locked(mixed)["app"] == ("2.0.0" if "app" in moved else "1.0.0")
        legacy = json.loads(mixed[LOCK])["dependencies"]
        assert {name: one["version"] for name, one in legacy.items()} == {
            name: version for name, version in locked(mixed).items() if "/" not in name
        }


def test_a_release_between_is_locked_with_all_else_as_it_is(npm: Client) -> None:
    """The release and what it needs move, as far as that is not there; no other package does."""
    before = resolved(npm, {"app": "1.0.0", "log": "1.0.0", "dep": "1.0.0"})
    assert locked(before) == {"app": "1.0.0", "log": "1.0.0", "dep": "1.0.0"}
    at = NPM.at(before, "log", "1.1.0", ask=npm)
    assert locked(at) == {"app": "1.0.0", "log": "1.1.0", "dep": "1.0.0"}
    npm(["npm", "ci", "--no-audit", "--no-fund"], at)
    at = NPM.at(before, "app", "1.5.0", ask=npm)
    assert {key: locked(at)[key] for key in ("app", "log", "dep")} == {
        "app": "1.5.0",
        "log": "1.0.0",
        "dep": "1.0.0",
    }
    assert locked(at)["app/node_modules/dep"] == "1.3.0"
    npm(["npm", "ci", "--no-audit", "--no-fund"], at)


def test_a_release_of_what_the_project_does_not_ask_for(npm: Client) -> None:
    """The project does not begin to require it; a range that it breaks is named."""
    before = resolved(npm, {"log": "1.0.0"})
    assert locked(before) == {"log": "1.0.0", "dep": "1.3.0"}
    at = NPM.at(before, "dep", "1.0.0", ask=npm)
    assert locked(at) == {"log": "1.0.0", "dep": "1.0.0"}
    assert ranges(at) == {"log": "1.0.0"}
    npm(["npm", "ci", "--no-audit", "--no-fund"], at)
