"""Whole hunts with a `setup`: how often it runs, and what it never does to the answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import bisector, summary_of
from tests.git_history import chain, git, write_history


def write(
    folder: Path, length: int, changes: Mapping[int, Mapping[str, str | None]], **said: Any
) -> dict[str, str]:
    """A history, each commit of which has its own `n`, and a hunt over it whose section counts its runs."""
    commits = {at: {"n": str(at), **changes.get(at, {})} for at in range(length)}
    commits[0] = {".gitignore": "deps/\nout\n", **commits[0]}
    ids = write_history(folder / "repo", chain(length, commits))
    command = f"echo $BISECTOR_COMMIT >>{folder}/runs; mkdir deps && cp lock src deps"
    hunt = {
        "repository": "repo",
        "good": ids["c0"],
        "bad": ids[f"c{length - 1}"],
        "scratch": "scratch",
        "setup": {"command": command, "key": ["lock"], "keeps": ["deps"]},
    }
    (folder / "hunt.yaml").write_text(yaml.safe_dump({**hunt, **said}))
    return ids


def runs(folder: Path) -> list[str]:
    """The commits for which the section has run."""
    return (folder / "runs").read_text().split()


LOCKS = {0: {"lock": "1", "src": "x"}, 60: {"lock": "2"}, 140: {"lock": "3"}}
BUILD = {"command": "cat n deps/lock >out", "outputs": ["out"]}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("build", [None, BUILD], ids=["no build", "outputs"])
def test_three_lock_files_are_installed_three_times(
    tmp_path: Path, jobs: int, build: dict[str, Any] | None
) -> None:
    """The search over 200 commits installs each once; the confirmation the answer and its parent for itself.

    With two jobs, the confirmation of an answer and its parent may begin before the search ends with another.
    """
    test = "test $(cat n) -lt 150 && test -e deps/lock"
    said: dict[str, Any] = {"test": {"command": test}, "jobs": jobs}
    if build:
        said["build"] = {**build, "ahead": False}
    ids = write(tmp_path, 200, LOCKS, **said)
    found = summary_of("--config", "hunt.yaml", folder=tmp_path)
    assert (found["first_bad"], found["confirmed"]) == (ids["c150"], True)
    begun_early = 2 if jobs > 1 else 0
    assert len(runs(tmp_path)) <= len(LOCKS) + 2 + begun_early


TRAP = {0: {"lock": "1", "src": "good"}, 3: {"src": "bad"}, 7: {"lock": "2"}}
"""The section also copies `src`, which its key does not name. So the change of the lock file looks guilty."""


@pytest.mark.parametrize(
    "build",
    [None, {"command": "cp n out", "outputs": ["out"], "inputs": ["n"]}, {"command": "cp n out"}],
    ids=["no build", "outputs", "no outputs"],
)
def test_a_key_that_lacks_a_file_never_gives_a_wrong_answer(
    tmp_path: Path, build: dict[str, Any] | None
) -> None:
    """The confirmation installs for itself, so it finds the answer of the search wrong."""
    said: dict[str, Any] = {"build": build} if build else {}
    ids = write(tmp_path, 12, TRAP, test={"command": "grep -q good deps/src"}, **said)
    done = bisector("run", "--json", "--config", "hunt.yaml", folder=tmp_path)
    found = json.loads(done.stdout)
    if found["confirmed"]:
        assert found["first_bad"] == ids["c3"]
        told = bisector("run", "--config", "hunt.yaml", "--restart", folder=tmp_path).stdout
        assert "`key` every file that decides what `setup` installs" in " ".join(told.split())
    else:
        assert build == {"command": "cp n out"}
        assert done.returncode == 5


def test_a_failing_setup_is_skipped_and_the_hunt_ends(tmp_path: Path) -> None:
    """Commits whose packages cannot be installed are untestable, and not innocent."""
    broken: dict[int, dict[str, str | None]] = {
        0: {"lock": "1", "src": "x"},
        5: {"lock": None},
        7: {"lock": "2"},
    }
    ids = write(tmp_path, 12, broken, test={"command": "test $(cat n) -lt 6"})
    found = summary_of("--config", "hunt.yaml", folder=tmp_path)
    assert found["conclusion"] == "any-of"
    assert set(found["any_of"]) == {ids["c5"], ids["c6"], ids["c7"]}


def test_a_probe_never_installs_in_the_users_checkout(tmp_path: Path) -> None:
    """The packages that the user works with stay, so the checkout's commit is read in a slot."""
    write(tmp_path, 3, LOCKS, test={"command": "grep -q 1 deps/lock"})
    mine = tmp_path / "repo/deps/mine"
    mine.parent.mkdir()
    mine.touch()
    done = bisector("probe", "--config", "../hunt.yaml", folder=tmp_path / "repo")
    assert done.returncode == 0, done.stderr
    assert list(mine.parent.iterdir()) == [mine]
    assert git(tmp_path / "repo", "status", "--porcelain") == ""
    assert len(runs(tmp_path)) == 1


def test_every_command_goes_the_same_way(tmp_path: Path) -> None:
    """`check` and `probe` find the packages, and take them from the same store."""
    ids = write(tmp_path, 4, LOCKS, test={"command": "test -e deps/lock && test $(cat n) -lt 2"})
    assert bisector("check", "--config", "hunt.yaml", folder=tmp_path).returncode == 0
    for at, code in ((0, 0), (1, 0), (2, 1)):
        done = bisector("probe", ids[f"c{at}"], "--config", "hunt.yaml", folder=tmp_path)
        assert done.returncode == code, done.stderr
    assert len(runs(tmp_path)) == 1


def test_a_changed_section_begins_another_hunt_and_says_so(tmp_path: Path) -> None:
    """Readings with other packages do not count."""
    write(tmp_path, 4, LOCKS, test={"command": "test $(cat n) -lt 2"})
    bisector("check", "--config", "hunt.yaml", folder=tmp_path)
    text = (tmp_path / "hunt.yaml").read_text()
    (tmp_path / "hunt.yaml").write_text(text.replace("mkdir deps", "mkdir  deps"))
    told = bisector("check", "--config", "hunt.yaml", folder=tmp_path).stdout
    assert "`setup` changed since" in " ".join(told.split())
    assert len(runs(tmp_path)) == 2


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_is_installed_is_neither_input_nor_output(tmp_path: Path) -> None:
    """`bisector inputs` proposes what the build makes and reads, though the test reads the packages."""
    build = {"command": "cat deps/lock n >out"}
    write(tmp_path, 3, LOCKS, build=build, test={"command": "cat deps/lock out src"})
    done = bisector("inputs", "--json", "--config", "hunt.yaml", folder=tmp_path)
    found = json.loads(done.stdout)
    assert found["build"]["inputs"] == ["n"]
    assert (found["test"]["inputs"], found["outputs"]["outputs"]) == (["src"], ["out"])
