"""`bisector forget`: one bad reading does not spoil a hunt."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import WORK, bisector, shell_history, summary_of, until_interrupted


def listed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """The readings that count."""
    done = bisector("forget", "--list", "--json", *arguments, folder=folder)
    found: list[dict[str, Any]] = json.loads(done.stdout)["readings"]
    return found


def forgotten(folder: Path, *names: str) -> dict[str, Any]:
    """The output of `forget --json NAMES`."""
    done = bisector("forget", "--json", *names, folder=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def spoiled(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A hunt in which c3 was judged bad while the cable was loose: it names c3, which is not the answer."""
    ids = shell_history(tmp_path / "repo")
    loose = tmp_path / "loose"
    loose.touch()
    test = f"test -e {loose} && test $(cat out) -gt 2 && exit 1; sh test.sh"
    work = ("--build", "sh build.sh", "--good", "main~11", "--test", test)
    assert summary_of(*work, folder=tmp_path / "repo")["first_bad"] == ids["c3"]
    loose.unlink()
    return tmp_path / "repo", ids


def test_a_hunt_goes_on_without_a_bad_reading(spoiled: tuple[Path, dict[str, str]]) -> None:
    """Neither its readings nor the answer count any more, and the next run takes only what is missing."""
    repo, ids = spoiled
    before = listed(repo)
    bad = [one["commit"] for one in before if one["verdict"] == "bad" and one["commit"] != ids["c11"]]
    gone = forgotten(repo, *sorted(set(bad)))
    assert gone["conclusion"] == "first-bad"
    assert [one["commit"] for one in gone["readings"]] == bad
    assert json.loads(bisector("status", "--json", folder=repo).stdout)["hunts"][0]["state"] == "stopped"
    kept = [one for one in before if one["commit"] not in bad]
    assert [one["at"] for one in listed(repo)] == [one["at"] for one in kept]

    command = gone["next"].split(" ", 2)
    assert command[:2] == ["bisector", "run"]
    loose = str(repo.parent / "loose")
    test = f"test -e {loose} && test $(cat out) -gt 2 && exit 1; sh test.sh"
    work = ("--build", "sh build.sh", "--good", "main~11", "--test", test)
    assert summary_of(*work, folder=repo)["first_bad"] == ids["c8"]
    after = listed(repo)
    assert [one["at"] for one in after[: len(kept)]] == [one["at"] for one in kept]


def test_one_reading_by_its_number(tmp_path: Path) -> None:
    """The number is that of --list and of the report; a conclusion that still follows needs no new test."""
    shell_history(tmp_path / "repo")
    assert bisector("run", "--quiet", *WORK, folder=tmp_path / "repo").returncode == 0
    before = listed(tmp_path / "repo")
    text = bisector("forget", "--list", folder=tmp_path / "repo").stdout
    report = bisector("report", folder=tmp_path / "repo").stdout
    for one in before:
        assert f"{one['number']:>4}  " in text
        assert f"| {one['number']} | `{one['commit'][:12]}`" in report
    last = before[-1]
    done = bisector("forget", str(last["number"]), folder=tmp_path / "repo")
    assert done.stdout.startswith(f"forgot {last['number']}  ")
    assert "the conclusion first-bad no longer holds\nnext: bisector run " in done.stdout
    assert listed(tmp_path / "repo") == before[:-1]
    assert bisector("run", "--quiet", *WORK, folder=tmp_path / "repo").returncode == 0


def test_commits_that_took_over_the_reading_forget_it_too(tmp_path: Path) -> None:
    """Where the same bytes were tested once, all readings of that run go, whichever of them is named."""
    repo = tmp_path / "repo"
    ids = shell_history(repo, length=16)
    build = "sh build.sh; echo $(($(cat out) / 4 * 4)) >out"
    work = ("--build", build, "--set", "build.outputs=[out]", "--set", "test.inputs=[test.sh]")
    found = summary_of(*work, "--test", "sh test.sh", "--good", "main~15", folder=repo)
    assert found["first_bad"] == ids["c8"]
    before = listed(repo)
    shared = next(one for one in before if one["shared"])
    family = {shared["shared"], shared["commit"]}
    gone = forgotten(repo, str(shared["number"]))["readings"]
    assert family <= {one["commit"] for one in gone}
    assert all(one["shared"] != shared["shared"] for one in listed(repo))


def test_a_commit_that_a_build_ahead_failed_at(tmp_path: Path) -> None:
    """A commit known to be untestable without a reading is forgotten by its name."""
    ids = shell_history(tmp_path / "repo")
    scratch = ("--scratch", "../scratch")
    assert bisector("check", *WORK, *scratch, folder=tmp_path / "repo").returncode == 0
    with sqlite3.connect(tmp_path / "scratch/journal.sqlite") as journal:
        journal.execute(
            "insert into untestable (hunt, commit_id, why, at, seconds) values (1, ?, 'no disk', ?, 1.0)",
            (ids["c4"], "2026-01-01T00:00:00+00:00"),
        )
    text = bisector("forget", "--list", *scratch, folder=tmp_path / "repo").stdout
    assert f"untestable: {ids['c4'][:12]} c4  no disk" in text
    done = bisector("forget", *scratch, "main~7", folder=tmp_path / "repo")
    assert done.stdout.startswith(f"forgot that {ids['c4'][:12]} c4 is untestable\n"), done.stderr
    assert "no disk" not in bisector("forget", "--list", *scratch, folder=tmp_path / "repo").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing named; name a commit, or a reading by its number in `bisector forget --list`"),
        (["--list", "3"], "--list only lists the readings; leave out what it should forget"),
        (["99"], "there is no reading 99, the hunt has "),
        (["0"], "there is no reading 0, the hunt has "),
        (["nonsense"], "has no commit 'nonsense'"),
        (["main~6"], "which has no reading in this hunt; `bisector forget --list` lists its readings"),
    ],
)
def test_a_wrong_name_is_one_sentence(tmp_path: Path, words: list[str], sentence: str) -> None:
    """Nothing is forgotten if one of the names means nothing."""
    shell_history(tmp_path / "repo")
    assert bisector("check", "--quiet", *WORK, folder=tmp_path / "repo").returncode == 0
    before = listed(tmp_path / "repo")
    done = bisector(
        "forget", *words, *(["1"] if words and "--list" not in words else []), folder=tmp_path / "repo"
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert listed(tmp_path / "repo") == before


def test_a_commit_in_skip_says_where_it_is_listed(tmp_path: Path) -> None:
    """Such a commit has nothing to forget."""
    shell_history(tmp_path / "repo")
    skip = (*WORK, "--set", "skip=[main~5]")
    assert bisector("check", "--quiet", *skip, folder=tmp_path / "repo").returncode == 0
    done = bisector("forget", "main~5", *skip, folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "main~5 is not tested because `skip` lists it; remove it there" in done.stderr


def test_a_running_hunt_is_refused(tmp_path: Path) -> None:
    """Its readings stay, and the sentence says which process it is."""
    shell_history(tmp_path / "repo")
    gate = tmp_path / "gate"
    end = "test $(cat out) = 0 || test $(cat out) = 11"
    test = f"{end} || touch {gate}; test ! -e {gate} || sleep 60; sh test.sh"
    work = ["run", *WORK[:2], *WORK[4:], "--test", test]
    seen: list[str] = []

    def refused() -> bool:
        if gate.exists():
            seen.append(bisector("forget", "1", folder=tmp_path / "repo").stderr)
        return bool(seen)

    assert until_interrupted(work, tmp_path / "repo", refused, signal.SIGTERM) == 130
    assert "this hunt is already running in process" in seen[0]
    assert len(listed(tmp_path / "repo")) == 2
