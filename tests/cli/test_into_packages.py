"""An answer that moves packages in a lock file is split by package, and then by release."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.cli.running import bisector, summary_of
from tests.ecosystems.served import served
from tests.ecosystems.wheels import simple_index, wheel
from tests.git_history import Node, chain, write_history

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "2.0")


def pins(**versions: str) -> str:
    """A requirements file."""
    return "".join(f"{name}=={version}\n" for name, version in versions.items())


def test_the_package_and_its_release_are_found(tmp_path: Path) -> None:
    """Five packages move and a file changes; one of the releases of one package fails the test."""
    old = {f"p{n}": "1.0" for n in range(5)}
    new = {f"p{n}": "2.0" for n in range(5)}
    files = {0: {"requirements.txt": pins(**old), "a": "1"}, 2: {"requirements.txt": pins(**new), "a": "2"}}
    ids = write_history(tmp_path / "repo", chain(4, files))
    test = "! grep -qE 'p3==(1.[23]|2)' requirements.txt"
    pages = simple_index({("p3", one): wheel("p3", one) for one in VERSIONS})
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    line = ("--good", ids["c0"], "--test", test)
    with served(pages) as url:
        found = bisector(
            *("run", *line, "--set", "descend.fetch=true"),
            folder=tmp_path / "repo",
            **{"PIP_INDEX_URL": f"{url}/simple/", "PATH": path},
        )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "p3 1.0 -> 2.0), confirmed: bad with only this change; good without" in _joined(found.stdout)
    assert "into the releases of p3: 1.0..2.0" in found.stdout
    assert "1.2, confirmed: the first bad release of 4" in _joined(found.stdout)
    asked = summary_of(*line, folder=tmp_path / "repo")["descent"]
    assert [(one["kind"], one["state"]) for one in asked] == [("changes", "found"), ("releases", "open")]
    assert asked[1]["command"] == "--set descend.fetch=true"
    assert asked[0]["of_changes"] == 6


def test_the_other_changes_of_a_bump_may_be_the_cause(tmp_path: Path) -> None:
    """Nothing is asked of a registry then; with `--narrow` they are taken apart too."""
    files = {0: {"requirements.txt": pins(a="1", b="1"), "x": "1\n2\n3\n"}}
    files |= {1: {"requirements.txt": pins(a="2", b="2"), "x": "one\n2\nthree\n"}}
    ids = write_history(tmp_path / "repo", chain(2, files))
    line = ("--good", ids["c0"], "--test", "! grep -q three x")
    (level,) = summary_of(*line, folder=tmp_path / "repo")["descent"]
    assert (level["changes"], level["of_changes"]) == (["x:1", "x:3"], 4)
    (level,) = summary_of(*line, "--narrow", folder=tmp_path / "repo")["descent"]
    assert level["changes"] == ["x:3"]


def test_a_lock_file_that_cannot_be_mixed_is_named(tmp_path: Path) -> None:
    """With its bumps, and nothing is tested."""
    lock = "lockfileVersion: '9.0'\n\npackages:\n\n  a@{0}:\n    resolution: {{}}\n"
    lock += "\n  b@{0}:\n    resolution: {{}}\n"
    files = {0: {"pnpm-lock.yaml": lock.format("1.0.0")}, 1: {"pnpm-lock.yaml": lock.format("2.0.0")}}
    ids = write_history(tmp_path / "repo", chain(2, files))
    found = summary_of("--good", ids["c0"], "--test", "! grep -q 2.0.0 *.yaml", folder=tmp_path / "repo")
    (level,) = found["descent"]
    assert (level["state"], "bisector cannot write a mixed pnpm-lock.yaml" in level["reason"]) == (
        "open",
        True,
    )
    assert found["conclusion"] == "first-bad"


def test_a_damaged_lock_file_is_named(tmp_path: Path) -> None:
    """The answer stays."""
    files = {0: {"package-lock.json": "{}"}, 1: {"package-lock.json": "{"}}
    ids = write_history(tmp_path / "repo", [Node("c0", [], files[0]), Node("c1", ["c0"], files[1])])
    line = ("--good", ids["c0"], "--test", "! test $(cat package-lock.json) = {")
    found = summary_of(*line, folder=tmp_path / "repo")
    (level,) = found["descent"]
    assert (found["confirmed"], level["state"], "package-lock.json" in level["reason"]) == (
        True,
        "open",
        True,
    )


def _joined(box: str) -> str:
    """The text of a box in one line."""
    return " ".join(box.replace("│", " ").split())
