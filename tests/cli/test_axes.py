"""A hunt among variables, files and lines of shell that are not in git."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.cli.running import bisector
from tests.git_history import chain, write_history


def hunt(folder: Path, test: str, axes: list[dict[str, Any]], **more: object) -> None:
    """A repository of two commits with a hunt file beside it."""
    write_history(folder / "repo", chain(2, {0: {"sub/a": "x", "config.ini": "size=1\n"}}))
    document = {"repository": "repo", "test": {"command": test}, "axes": axes, **more}
    (folder / "hunt.yaml").write_text(yaml.safe_dump(document))


def found(folder: Path, code: int = 0) -> dict[str, Any]:
    """The outcome of `bisector run --json`."""
    done = bisector("run", "--json", "--config", "hunt.yaml", folder=folder)
    assert done.returncode == code, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_two_of_six_axes_together(tmp_path: Path) -> None:
    """A variable and a file; the other variables, an unset one among them, and a line of shell are not it."""
    (tmp_path / "new.ini").write_text("size=9\n")
    (tmp_path / "old.ini").write_text("size=1\n")
    axes: list[dict[str, Any]] = [
        {"variable": "MODE", "old": "slow and safe", "new": "it's fast"},
        {"variable": "GONE", "old": "1", "new": None},
        {"file": "config.ini", "old": "old.ini", "new": "new.ini"},
        {"file": "extra", "old": None, "new": "new.ini"},
        {"shell": "limits", "old": "ulimit -n 200", "new": "ulimit -n 100"},
        {"variable": "LEVEL", "old": "1", "new": "2"},
    ]
    hunt(tmp_path, 'cd ..; ! { grep -q 9 config.ini && test "$MODE" = "it\'s fast"; }', axes)
    text = (tmp_path / "hunt.yaml").read_text().replace("command:", "folder: sub\n  command:")
    (tmp_path / "hunt.yaml").write_text(text)
    document = found(tmp_path)
    (one,) = document["sets"]
    named = [name.partition(":")[0] for name in one["axes"]]
    assert (named, document["open"]) == (["MODE", "config.ini"], None)
    shown = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert "MODE: slow and safe -> it's fast, together with config.ini" in shown.stdout


def test_each_of_two_variables_is_enough(tmp_path: Path) -> None:
    """Both are named, each in a set of its own."""
    axes = [{"variable": name, "old": "1", "new": "2"} for name in ("A", "B", "C")]
    hunt(tmp_path, 'test "$A$C" = 11', axes)
    document = found(tmp_path)
    assert [one["axes"] for one in document["sets"]] == [["A: 1 -> 2"], ["C: 1 -> 2"]]


def test_sets_that_share_an_axis(tmp_path: Path) -> None:
    """A with B, and A with C: putting back B alone would not help."""
    axes = [{"variable": name, "old": "1", "new": "2"} for name in ("A", "B", "C")]
    hunt(tmp_path, 'test "$A" = 1 || test "$B$C" = 11', axes)
    sets = [{name[0] for name in one["axes"]} for one in found(tmp_path)["sets"]]
    assert sorted(map(sorted, sets)) == [["A", "B"], ["A", "C"]]


def test_values_that_cannot_be_tested_are_named(tmp_path: Path) -> None:
    """A line of shell that fails: its name, what it printed, and no word of commits."""
    hunt(tmp_path, "true", [{"shell": "compiler", "old": "true", "new": "choose-a-compiler-5"}])
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "The new values cannot be tested" in done.stdout
    assert "the axis compiler fails" in done.stdout


def test_no_difference(tmp_path: Path) -> None:
    """The values do not matter: no regression, as between commits."""
    hunt(tmp_path, "true", [{"variable": "A", "old": "1", "new": "2"}])
    document = found(tmp_path, 3)
    assert (document["conclusion"], document["sets"]) == ("no-regression", [])


def test_mistakes_are_named(tmp_path: Path) -> None:
    """A missing file with its line, an axis without a kind, a command that does not hunt."""
    hunt(tmp_path, "true", [{"file": "f", "old": None, "new": "nowhere"}])
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert (done.returncode, "axes.new: cannot read" in done.stderr) == (2, True), done.stderr
    assert "hunt.yaml:" in done.stderr
    done = bisector("check", "--config", "hunt.yaml", folder=tmp_path)
    assert (done.returncode, "only `bisector run` hunts among axes" in done.stderr) == (2, True), done.stderr
    hunt(tmp_path / "other", "true", [{"name": "f", "old": "1", "new": "2"}])
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path / "other")
    assert done.returncode == 2
    assert "needs one of the keys 'variable', 'file' and 'shell'" in done.stderr
