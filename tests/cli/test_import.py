"""`bisector import`: a git bisect session of the user continues as a hunt."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from bisector.history.bisect_session import Mark, bisect_session
from bisector.history.repository import Repository
from tests.cli.running import bisector, shell_history, summary_of
from tests.git_history import Node, git, write_history
from tests.history.test_repository import state_of

WORK = ("--build", "sh build.sh", "--test", "sh test.sh")


def started(repo: Path, *steps: Sequence[str], start: Sequence[str] = ("main", "main~11")) -> None:
    """A session in `repo` with these `git bisect` commands."""
    git(repo, "bisect", "start", *start)
    for step in steps:
        git(repo, "bisect", *step)


def bisect_refs(repo: Path) -> str:
    """All refs of a session with their commits."""
    return git(repo, "for-each-ref", "refs/bisect")


def imported(repo: Path, *arguments: str) -> dict[str, object]:
    """The output of `bisector import --json`."""
    done = bisector("import", "--json", *arguments, folder=repo)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def go_on(repo: Path, told: dict[str, object]) -> dict[str, object]:
    """Run the command that an import names, and return its summary."""
    name, command, *rest = shlex.split(str(told["next"]))
    assert (name, command) == ("bisector", "run")
    return summary_of(*rest, folder=repo)


def test_a_session_goes_on_as_a_hunt(tmp_path: Path) -> None:
    """The verdicts narrow the hunt, no commit is tested again, and the session is not changed."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    started(repo, ("good", "main~6"), ("bad", "main~2"))  # c5 and c9
    before = state_of(repo)
    told = imported(repo, *WORK)
    assert told["taken"] == {ids["c5"]: "good", ids["c9"]: "bad"}
    assert told["candidates_left"] == 4
    assert state_of(repo) == before
    summary = go_on(repo, told)
    assert summary["first_bad"] == ids["c8"]
    log = bisector("log", folder=repo).stdout
    assert f"git bisect bad {ids['c8']}" in log
    tested = {line.split()[-1] for line in log.splitlines() if line.startswith("git bisect")}
    assert tested <= {ids[f"c{at}"] for at in (5, 6, 7, 8, 9)} | {f"'{ids['c0']}'"}


def test_the_log_goes_round(tmp_path: Path) -> None:
    """git bisect log -> import -> bisector log -> git bisect replay elsewhere gives the same refs."""
    repo = tmp_path / "repo"
    shell_history(repo)
    started(repo, ("good", "main~8"), ("skip", "main~5", "main~4"), ("bad", "main~2"))
    imported(repo, *WORK)
    (tmp_path / "log").write_text(bisector("log", folder=repo).stdout)
    git(tmp_path, "clone", "-q", "repo", "clone")
    git(tmp_path / "clone", "bisect", "replay", str(tmp_path / "log"))
    assert bisect_refs(tmp_path / "clone") == bisect_refs(repo)


def test_own_terms_skip_ranges_first_parent_and_paths(tmp_path: Path) -> None:
    """Every part of a session is imported."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    start = ("--term-old", "fast", "--term-new=slow", "--first-parent", "main", "main~11", "--", "doc", "a b")
    started(repo, ("skip", "main~7..main~4"), ("slow", "main~2"), start=start)
    session = bisect_session(Repository(repo))
    assert session is not None
    assert (session.start, session.good, session.bad) == ("main", (ids["c0"],), ids["c11"])
    assert (session.first_parent, session.paths) == (True, ("doc", "a b"))
    skips = {ids[name]: Mark.SKIP for name in ("c5", "c6", "c7")}
    assert dict(session.marks) == {ids["c0"]: Mark.GOOD, ids["c11"]: Mark.BAD, ids["c9"]: Mark.BAD, **skips}
    told = imported(repo, *WORK)
    assert "--first-parent --path doc --path 'a b'" in str(told["next"])
    summary = go_on(repo, told)
    assert set(summary["any_of"]) == {ids[name] for name in ("c5", "c6", "c7", "c8")}  # type: ignore[call-overload]


def test_an_untestable_verdict_is_not_taken_for_good(tmp_path: Path) -> None:
    """If the first bad commit is among skipped commits, the hunt leaves it open, as git does."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    started(repo, ("skip", "main~4"), ("skip", "main~3"))  # c7 and c8
    summary = go_on(repo, imported(repo, *WORK))
    assert summary["any_of"] is not None
    assert ids["c8"] in summary["any_of"]  # type: ignore[operator]


def test_a_corrected_verdict_counts_as_corrected(tmp_path: Path) -> None:
    """A verdict that git no longer has after a replay is not imported."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    started(repo, ("good", "main~2"), ("good", "main~6"))
    log = git(repo, "bisect", "log")
    (tmp_path / "log").write_text(
        "".join(line for line in log.splitlines(keepends=True) if ids["c9"] not in line)
    )
    git(repo, "bisect", "replay", str(tmp_path / "log"))
    assert imported(repo, *WORK)["taken"] == {ids["c5"]: "good"}


def test_a_hunt_file_keeps_its_range(tmp_path: Path) -> None:
    """With a hunt file, the verdicts are read in its range, and `bad: HEAD` is the session's bad commit."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    (tmp_path / "hunt.yaml").write_text(
        "repository: repo\ngood: main~9\nbuild: {command: sh build.sh}\ntest: {command: sh test.sh}\n"
    )
    started(repo, ("good", "main~10"), ("good", "main~6"))
    told = imported(repo, "--config", "../hunt.yaml")
    assert told["taken"] == {ids["c5"]: "good"}
    assert told["candidates"] == 9
    assert str(told["next"]) == f"bisector run --config ../hunt.yaml --bad {ids['c11']}"
    assert go_on(repo, told)["first_bad"] == ids["c8"]


def test_commits_alike_in_all_inputs_stand_for_each_other(tmp_path: Path) -> None:
    """A verdict on a commit that changes no declared input counts for the commit that it is equal to."""
    repo = tmp_path / "repo"
    nodes = [
        Node(f"c{at}", [f"c{at - 1}"] if at else [], {"n": str(at // 3), "doc": str(at)}) for at in range(12)
    ]
    ids = write_history(repo, nodes)
    started(repo, ("good", "main~6"), ("bad", "main~4"))  # c5, like c3; c7, like c6
    inputs = ("--set", "test.inputs=[n]", "--set", "build.inputs=[n]")
    told = imported(repo, "--build", "true", "--test", "test $(cat n) -lt 2", *inputs)
    assert told["taken"] == {ids["c3"]: "good", ids["c6"]: "bad"}
    assert go_on(repo, told)["first_bad"] == ids["c6"]


def test_importing_twice_adds_nothing(tmp_path: Path) -> None:
    """Only new verdicts become readings, until the hunt is over."""
    repo = tmp_path / "repo"
    ids = shell_history(repo)
    started(repo, ("good", "main~6"))
    first = imported(repo, *WORK)
    git(repo, "bisect", "bad", "main~1")
    again = imported(repo, *WORK)
    assert (again["taken"], again["known"]) == ({ids["c10"]: "bad"}, 1)
    assert go_on(repo, first)["first_bad"] == ids["c8"]
    done = bisector("import", *WORK, folder=repo)
    assert done.returncode == 2
    assert "is already over" in done.stderr
    assert imported(repo, "--restart", *WORK)["known"] == 0


def test_measured_hunts_take_verdicts_too(tmp_path: Path) -> None:
    """A paired hunt reads its endpoints itself, and continues in the range that the verdicts left."""
    repo = tmp_path / "repo"
    words = [100] * 6 + [250] * 6
    nodes = [Node(f"c{at}", [f"c{at - 1}"] if at else [], {"n": f"{n}.{at}"}) for at, n in enumerate(words)]
    ids = write_history(repo, nodes)
    started(repo, ("good", "main~8"), ("bad", "main~4"))  # c3 and c7
    (tmp_path / "hunt.yaml").write_text(
        f"repository: repo\ngood: {ids['c0']}\nbad: main\ntest: {{command: 'echo words: $(cat n)'}}\n"
        "predicate: {name: counter, pattern: 'words: ([0-9.]+)', ratio: 1.5}\n"
    )
    told = imported(repo, "--config", "../hunt.yaml")
    assert told["next"] == "bisector run --config ../hunt.yaml"
    summary = go_on(repo, told)
    assert summary["first_bad"] == ids["c6"]
    assert summary["confirmed"] is True
    assert bisector("report", "--html", "r.html", "--config", "../hunt.yaml", folder=repo).returncode == 0


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([], "there is no git bisect session"),
        ([["start"]], "has no good commit yet"),
        ([["start"], ["bad"]], "has no good commit yet"),
        ([["start"], ["good", "main~3"]], "has no bad commit yet"),
    ],
)
def test_a_session_without_a_range_is_refused(tmp_path: Path, commands: list[list[str]], words: str) -> None:
    """The message says what git needs before the import."""
    shell_history(tmp_path / "repo")
    for command in commands:
        git(tmp_path / "repo", "bisect", *command)
    done = bisector("import", *WORK, folder=tmp_path / "repo")
    assert done.returncode == 2
    assert words in done.stderr
