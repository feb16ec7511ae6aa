"""`bisector narrow`: the smallest patch of the first bad commit, in real repositories."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.cli.running import bisector, until_interrupted
from tests.git_history import Node, chain, git, write_history


def numbered(changed: dict[int, str], until: int = 60) -> str:
    """Lines of which these say something else."""
    return "".join(f"{changed.get(n, f'line {n}')}\n" for n in range(1, until + 1))


def narrowed(*arguments: str, folder: Path) -> dict[str, Any]:
    """The outcome of `bisector narrow --json`, which must have found a first bad commit."""
    done = bisector("narrow", "--json", *arguments, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def last(found: dict[str, Any]) -> dict[str, Any]:
    """The innermost step down."""
    level: dict[str, Any] = found["descent"][-1]
    assert level["kind"] == "changes"
    return level


def test_two_hunks_that_are_bad_only_together(tmp_path: Path) -> None:
    """The patch has both and nothing else, applies to the parent, and makes it bad; nothing else changes."""
    repo, many = tmp_path / "repo", {n: f"new {n}" for n in range(3, 60, 6)}
    files = {2: {"a": numbered(many | {21: "ONE"}), "b": numbered(many | {45: "TWO"}), "c": None}}
    ids = write_history(repo, chain(4, {0: {"a": numbered({}), "b": numbered({}), "c": "x"}, **files}))
    before = git(repo, "status", "--porcelain", "--ignored"), git(repo, "count-objects", "-v")
    test = "! { grep -q ONE a && grep -q TWO b; }"
    done = bisector("narrow", "--good", ids["c0"], "--test", test, "--patch", "../cause.patch", folder=repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 21 changes (a:21, b:45), confirmed: bad with only these" in done.stdout
    assert "+TWO" in done.stdout
    assert (git(repo, "status", "--porcelain", "--ignored"), git(repo, "count-objects", "-v")) == before
    git(repo, "checkout", "--quiet", ids["c1"])
    git(repo, "apply", "../cause.patch")
    assert subprocess.run(["sh", "-c", test], cwd=repo, check=False).returncode == 1
    assert git(repo, "diff", "--numstat").split() == ["1", "1", "a", "1", "1", "b"]


def test_parts_that_do_not_build_alone_are_not_taken_for_the_cause(tmp_path: Path) -> None:
    """A changed signature in six files lies around the cause, a new function and its use."""
    text = "import core\n\ndef work():\n    extra = {}\n    # both\n    return core.calc({}) + extra\n"
    modules = {f"m{n}.py": text.format(0, n) for n in range(6)}
    new = {f"m{n}.py": text.format("core.far(4)" if n == 4 else 0, f"{n}, 1") for n in range(6)}
    main = "import importlib\nprint(sum(importlib.import_module(f'm{n}').work() for n in range(6)))\n"
    core = "def calc(x, scale):\n    return x * scale\n\n\ndef base():\n    return 1\n"
    core += "\n\ndef far(x):\n    return x + 100\n"
    old = {"core.py": "def calc(x):\n    return x\n\n\ndef base():\n    return 1\n", "main.py": main}
    ids = write_history(
        tmp_path / "repo", chain(2, {0: {**modules, **old}, 1: {**new, "core.py": core, "zz": "z"}})
    )
    line = ("--good", ids["c0"], "--build", "python3 main.py > out", "--test", 'test "$(cat out)" -lt 100')
    level = last(narrowed(*line, folder=tmp_path / "repo"))
    assert level["state"] == "found"
    assert set(level["changes"]) == {"core.py:7-10", "m4.py:4"}


def test_a_share_of_the_effect(tmp_path: Path) -> None:
    """Two changes make it slower, one more than the other; each is measured against the parent."""
    first = {"a": numbered({10: "cost 4"}), "b": numbered({30: "cost 2"}), "c": "x"}
    ids = write_history(tmp_path / "repo", chain(2, {0: {"a": numbered({}), "b": numbered({})}, 1: first}))
    count = "awk 'BEGIN { n = 2 } /cost/ { n += $2 } END { print \"ops: \" n }' a b"
    line = ("--good", ids["c0"], "--test", count, "--predicate", "counter")
    options = ("--set", "predicate.pattern='ops: (\\d+)'", "--set", "predicate.ratio=1.5")
    found = narrowed(*line, *options, folder=tmp_path / "repo")
    assert [step["changes"] for step in found["descent"]] == [["a:10"], ["b:30"]]
    assert [round(step["share"], 2) for step in found["descent"]] == [0.79, 0.5]
    assert "the other changes bring a part of it too" in found["descent"][0]["reason"]


def test_what_is_left_of_an_effect_may_be_too_small(tmp_path: Path) -> None:
    """Neither change reaches the hunt's ratio alone; each has its figure, and nothing is called bad."""
    files = {0: {"a": "100\n", "b": "100\n"}, 1: {"a": "148\n", "b": "140\n"}}
    ids = write_history(tmp_path / "repo", chain(2, files))
    count = 'echo "ops: $(($(cat a) * $(cat b)))"'
    line = ("--good", ids["c0"], "--test", count, "--predicate", "counter")
    options = ("--set", "predicate.pattern='ops: (\\d+)'", "--set", "predicate.ratio=1.5")
    first, rest = narrowed(*line, *options, folder=tmp_path / "repo")["descent"]
    assert (first["changes"], first["state"]) == (["a:1"], "found")
    assert first["reason"].startswith("confirmed: 1.48x with only this change")
    assert rest["state"] == "together"
    assert rest["reason"] == "the other changes together are 1.40x; the hunt asks for 1.50x"


def test_lines_of_one_hunk(tmp_path: Path) -> None:
    """With `--lines` the hunk is taken apart too; COMMIT names the commit, whatever the hunt's ends."""
    files = {1: {"a": "".join(f"new {n}\n" if n != 4 else "BUG\n" for n in range(9))}}
    repo = tmp_path / "repo"
    ids = write_history(repo, chain(4, {0: {"a": "".join(f"{n}\n" for n in range(9))}, **files}))
    line = (ids["c1"], "--good", "HEAD", "--test", "! grep -q BUG a")
    assert last(narrowed(*line, folder=repo))["state"] == "together"
    assert last(narrowed(*line, "--lines", folder=repo))["changes"] == ["a:5"]


def test_what_a_merge_brings_together(tmp_path: Path) -> None:
    """Both sides are good; the smallest part of the merged branch is found on top of the main side."""
    nodes = [
        Node("base", [], {"a": "1\n", "b": numbered({})}),
        Node("main", ["base"], {"a": "ONE\n"}),
        Node("side", ["base"], {"b": numbered({9: "x", 20: "TWO", 40: "y"})}),
        Node("merge", ["main", "side"], {"b": numbered({9: "x", 20: "TWO", 40: "y"})}),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    test = "! { grep -q ONE a && grep -q TWO b; }"
    found = narrowed("--good", ids["main"], "--first-parent", "--test", test, folder=tmp_path / "repo")
    assert [(one["kind"], one["state"]) for one in found["descent"]] == [
        ("merge", "together"),
        ("changes", "found"),
    ]
    assert last(found)["changes"] == ["b:20"]


def test_a_narrowing_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """The hunts that ended are only confirmed again."""
    many = {n: f"new {n}" for n in range(2, 58, 3)} | {32: "BUG"}
    repo, log = tmp_path / "repo", tmp_path / "log"
    ids = write_history(repo, chain(2, {0: {"a": numbered({})}, 1: {"a": numbered(many)}}))
    test = f"echo >> {log}; sleep 0.1; ! grep -q BUG a"
    line = ["--good", ids["c0"], "--test", test]

    def ready() -> bool:
        return log.exists() and len(log.read_text()) > 8

    assert until_interrupted(["narrow", *line], repo, ready, signal.SIGINT) == 130
    assert last(narrowed(*line, folder=repo))["changes"] == ["a:32"]


def test_mistakes_are_named(tmp_path: Path) -> None:
    """A patch without a folder, or that is one; a first commit, which has no parent."""
    ids = write_history(tmp_path / "repo", chain(2))
    line = ("--test", "true")
    done = bisector("narrow", "HEAD", *line, "--patch", "no/where", folder=tmp_path / "repo")
    assert (done.returncode, "no is no folder" in done.stderr) == (2, True), done.stderr
    done = bisector("narrow", ids["c0"], *line, folder=tmp_path / "repo")
    assert done.returncode == 2
    assert f"{ids['c0']} has no parent" in done.stderr
    done = bisector("narrow", "HEAD", *line, "--patch", "..", folder=tmp_path / "repo")
    assert (done.returncode, "is a folder" in done.stderr) == (2, True), done.stderr


def test_a_hunt_for_a_fix_is_narrowed_by_its_commit(tmp_path: Path) -> None:
    """COMMIT is the newer end, which is good there."""
    files = {0: {"a": numbered({3: "BUG"}), "b": "x"}, 1: {"a": numbered({20: "y"}), "b": "y"}}
    ids = write_history(tmp_path / "repo", chain(3, files))
    line = (ids["c1"], "--fixed", "--test", "! grep -q BUG a")
    assert last(narrowed(*line, folder=tmp_path / "repo"))["changes"] == ["a:3"]


def test_only_one_commit_is_narrowed(tmp_path: Path) -> None:
    """Every step, or several targets, have no answer to take apart; nothing runs."""
    ids = write_history(tmp_path / "repo", chain(3))
    for words, named in (
        (("--all",), "find"),
        (("--set", "targets=[a,b]", "--predicate", "tests"), "targets"),
    ):
        line = ("narrow", "--good", ids["c0"], "--test", "true", *words)
        done = bisector(*line, folder=tmp_path / "repo")
        assert (done.returncode, f"{named}: only the answer of a hunt" in done.stderr) == (2, True), done


def test_no_patch_is_no_success(tmp_path: Path) -> None:
    """The commit is confirmed, but not taken apart: an earlier patch stays, and the exit code is 5."""
    files = {0: {"a": numbered({})}, 1: {"a": numbered({3: "x", 20: "BUG", 40: "y"})}}
    ids = write_history(tmp_path / "repo", chain(2, files))
    (tmp_path / "p").write_text("earlier")
    line = ("--good", ids["c0"], "--test", "! grep -q BUG a", "--patch", "../p", "--probes", "2")
    done = bisector("narrow", *line, folder=tmp_path / "repo")
    assert (done.returncode, (tmp_path / "p").read_text()) == (5, "earlier"), done.stdout + done.stderr


def test_the_patch_on_the_screen_keeps_its_white_space(tmp_path: Path) -> None:
    """A change of indentation can be seen."""
    files = {0: {"a": "if x:\n    y  = 1\n"}, 1: {"a": "if x:\n        y  = 1\n", "b": "1"}}
    ids = write_history(tmp_path / "repo", chain(2, files))
    done = bisector("narrow", "--good", ids["c0"], "--test", "! grep -q '^     ' a", folder=tmp_path / "repo")
    assert ("-    y  = 1" in done.stdout, "+        y  = 1" in done.stdout) == (True, True), done.stdout
