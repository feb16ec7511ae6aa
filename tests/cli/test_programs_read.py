"""What programs read: `--json` and `run --events` of real hunts are as published."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.red_main import hunt_file, red_main
from tests.cli.running import BISECTOR, WORK, bisector, shell_history
from tests.git_history import Node, git, write_history
from tests.schemas import closed, published, require

EVENTS, OUTPUT = closed(published("events")), closed(published("output"))


def lines_of(*arguments: str, folder: Path, **environment: str) -> list[dict[str, Any]]:
    """The lines of `run --events`, each as published."""
    done = bisector("run", "--events", "-q", *arguments, folder=folder, **environment)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    for line in lines:
        require(EVENTS, line)
    assert lines[-1]["exit_code"] == done.returncode
    return lines


def result_of(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The object of the last line, which is as published too."""
    assert lines[-1]["event"] == "result", lines[-1]
    found: dict[str, Any] = lines[-1]["result"]
    require(OUTPUT, found)
    return found


def out_against(limit: str) -> tuple[str, ...]:
    """Options of a hunt whose test compares the built number, 0 to 11."""
    return ("--build", "sh build.sh", "--test", f"test $(cat out) {limit}", "--good", "main~11")


CONCLUSIONS = {
    "any-of": WORK,
    "no-regression": out_against("-ge 0"),
    "good-is-bad": out_against("-gt 11"),
    "bad-is-good": out_against("-gt 5"),
    "inconclusive": (*WORK, "--probes", "1"),
    "steps": (*out_against("-lt 4"), "--all"),
    "first-fixed": (*out_against("-gt 5"), "--fixed"),
    "no-difference": (*out_against("-ge 0"), "--fixed"),
    "fixed-is-broken": (*out_against("-lt 0"), "--fixed"),
}
"""Options of hunts that end so. A fix is hunted with `--bad` as the older end."""


@pytest.mark.parametrize("ending", CONCLUSIONS)
def test_every_conclusion_is_as_published(ending: str, tmp_path: Path) -> None:
    """The lines of a hunt begin with its range and end with its result."""
    broken = (7, 8) if ending == "any-of" else ()
    shell_history(tmp_path / "repo", length=12, bad_at=8, broken=broken)
    words = list(CONCLUSIONS[ending])
    if "--fixed" in words:
        words[words.index("--good")] = "--bad"
    lines = lines_of(*words, folder=tmp_path / "repo")
    assert lines[0]["event"] == "began"
    assert result_of(lines)["conclusion"] == ending
    assert [line["conclusion"] for line in lines if line["event"] == "concluded"]


def test_a_bad_merge_base_is_as_published(tmp_path: Path) -> None:
    """Good is on a branch with the fix."""
    same = {"test.sh": 'test "$(cat state)" = good\n'}
    nodes = [
        Node("base", (), {**same, "state": "bad"}),
        Node("fixed", ["base"], {"state": "good"}),
        Node("main", ["base"], {"doc": "1"}),
    ]
    ids = write_history(tmp_path / "repo", nodes)
    git(tmp_path / "repo", "branch", "fixed", ids["fixed"])
    lines = lines_of("--good", "fixed", "--test", "sh test.sh", folder=tmp_path / "repo")
    assert result_of(lines)["conclusion"] == "merge-base-is-bad"


def test_several_targets_are_as_published(tmp_path: Path) -> None:
    """Each target has its own readings and its own end; the result has all."""
    red_main(tmp_path, {"a1": 3, "b1": 6})
    hunt_file(tmp_path, ["a1", "b1"])
    lines = lines_of("--config", "hunt.yaml", folder=tmp_path)
    assert {line["target"] for line in lines if line["event"] == "reading"} == {"a1", "b1"}
    assert {line["target"] for line in lines if line["event"] == "concluded"} == {"a1", "b1"}
    assert result_of(lines)["schema"] == "targets/1"


def test_what_is_tested_next_is_told_before_it_is_read(tmp_path: Path) -> None:
    """Every reading follows a line that announced it, and the answer is that of `--json`."""
    ids = shell_history(tmp_path / "repo")
    lines = lines_of(*WORK, folder=tmp_path / "repo")
    announced: list[tuple[str, str]] = []
    for line in lines:
        if line["event"] == "next":
            announced.append((line["commit"], line["for"]))
        elif line["event"] == "reading":
            announced.remove((line["commit"], line["for"]))
    assert not announced
    found = result_of(lines)
    assert found["first_bad"] == ids["c8"]
    again = json.loads(bisector("run", "--json", *WORK, folder=tmp_path / "repo").stdout)
    assert {**again, "seconds": None} == {**found, "seconds": None}


def test_lines_come_while_the_hunt_runs(tmp_path: Path) -> None:
    """A reader of the pipe sees the first line at once; an interrupted hunt says so in the last."""
    shell_history(tmp_path / "repo")
    words = (*WORK, "--test", "sleep 60")
    process = subprocess.Popen(
        [*BISECTOR, "run", "--events", "-q", *words],
        cwd=tmp_path / "repo",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "began"
    while json.loads(process.stdout.readline()).get("step") != "testing":
        pass
    process.send_signal(signal.SIGINT)
    last = json.loads(process.stdout.read().splitlines()[-1])
    require(EVENTS, last)
    assert (last["event"], last["exit_code"], process.wait(60)) == ("failed", 130, 130)


def test_a_mistake_is_the_only_line(tmp_path: Path) -> None:
    """A revision that does not exist: the same sentence as on stderr, and the same exit code."""
    shell_history(tmp_path / "repo")
    (line,) = lines_of(*WORK, "--bad", "nonsense", folder=tmp_path / "repo")
    assert (line["event"], line["exit_code"]) == ("failed", 2)
    assert "nonsense" in line["why"]


def test_no_line_shows_a_secret(tmp_path: Path) -> None:
    """The value of a variable that the hunt passes on is hidden in the reason of a judgement."""
    shell_history(tmp_path / "repo")
    lines = lines_of(
        *(*WORK, "--set", "environment.pass=[TOKEN]", "--test", 'echo "cannot use $TOKEN"; sh test.sh'),
        *("--predicate", "output_matches", "--set", "predicate.bad=cannot use hunter2hunter2"),
        folder=tmp_path / "repo",
        TOKEN="hunter2hunter2",
    )
    assert "hunter2" not in json.dumps(lines[:-1])


def test_events_and_json_are_refused_together(tmp_path: Path) -> None:
    """The sentence says which one to leave out."""
    done = bisector("run", "--events", "--json", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "leave out --json" in done.stderr


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a finished hunt."""
    folder = tmp_path_factory.mktemp("programs")
    shell_history(folder / "repo")
    assert bisector("run", "-q", *WORK, "--scratch", "../scratch", folder=folder / "repo").returncode == 0
    return folder / "repo"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("run", ("run", *WORK)),
        ("check", ("check", *WORK, "--name", "other")),
        ("status", ("status",)),
        ("explain", ("explain",)),
        ("readings", ("forget", "--list")),
        ("forget", ("forget", "1", *WORK, "--name", "other")),
        ("probe", ("probe", "main~3", *WORK)),
        ("compare", ("compare", "test", "other")),
        ("predicates", ("predicates",)),
        ("doctor", ("doctor",)),
        ("signals", ("check", "--signals", *WORK)),
    ],
)
def test_every_object_is_as_published(kind: str, words: Sequence[str], hunted: Path) -> None:
    """Each command says of what kind its object is."""
    scratch = () if kind in ("predicates", "doctor") else ("--scratch", "../scratch")
    done = bisector(*words, *scratch, "--json", folder=hunted)
    found = json.loads(done.stdout or "null")
    assert found, done.stderr
    assert found["schema"] == f"{kind}/1"
    require(OUTPUT, found)


def test_other_objects_are_as_published(tmp_path: Path) -> None:
    """A session of git bisect, a plan file, and a hunt file that is proposed."""
    repo = tmp_path / "repo"
    shell_history(repo)
    git(repo, "bisect", "start", "main", "main~11")
    imported = bisector("import", "--json", *WORK[:4], folder=repo)
    git(repo, "bisect", "reset")
    assert bisector("run", "-q", *WORK, folder=repo).returncode == 0
    planned = bisector("plan", "--file", "../plan.md", "--json", folder=repo)
    (repo / "Makefile").write_text("all:\n\ttrue\n")
    git(repo, "add", "Makefile")
    git(repo, "commit", "-qm", "make")
    proposed = bisector("init", "--json", "--no-try", folder=repo)
    for kind, done in (("import", imported), ("plan", planned), ("init", proposed)):
        found = json.loads(done.stdout or "null")
        assert found and found["schema"] == f"{kind}/1", done.stderr
        require(OUTPUT, found)


@pytest.mark.parametrize("of", ["output", "events"])
def test_an_installed_bisector_prints_the_published_schema(of: str, tmp_path: Path) -> None:
    """`bisector schema` needs no checkout."""
    assert json.loads(bisector("schema", of, folder=tmp_path).stdout) == published(of)


def test_a_schema_of_nothing_is_refused(tmp_path: Path) -> None:
    """The sentence lists what there is."""
    done = bisector("schema", "everything", folder=tmp_path)
    assert done.returncode == 2
    assert "hunt-file, output, events" in done.stderr
