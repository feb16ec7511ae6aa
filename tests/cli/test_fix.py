"""Hunts for the commit that fixed it, in real repositories."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.turned import turned_round
from tests.cli.running import bisector, summary_of
from tests.git_history import chain, git, write_history

TEST = ("--test", "sh test.sh")


def fixed_history(folder: Path, length: int = 8, fixed_at: int = 5) -> dict[str, str]:
    """A history whose test.sh fails before c`fixed_at`, and prints a count that falls there."""
    broken = {"test.sh": "echo work: 160\nexit 1\n"}
    fixed = {"test.sh": "echo work: 100\n"}
    return write_history(folder, chain(length, {0: broken, fixed_at: fixed}))


def test_a_good_commit_newer_than_bad_asks_for_the_fix(tmp_path: Path) -> None:
    """The usual words find it, everything says fixed and broken, and the same command is given."""
    ids = fixed_history(tmp_path / "repo")
    done = bisector("run", "--good", "main", "--bad", "main~7", *TEST, folder=tmp_path / "repo")
    assert done.returncode == 0, done.stderr
    assert (
        "bad main~7 is older than good main: looking for the commit that fixed it, as `bisector"
        in done.stdout
    )
    assert f"first fixed commit {ids['c5'][:12]}" in done.stdout
    told = " ".join(done.stdout.replace("│", " ").split())
    assert f"Note: bad {ids['c0'][:12]} is older than good {ids['c7'][:12]}, so the hunt looked for" in told
    assert "this commit is fixed and its parent is broken" in done.stdout
    assert " good " not in done.stdout.split("7 candidate commits")[1].split("Note:")[0]
    log = bisector("log", folder=tmp_path / "repo").stdout
    (tmp_path / "log").write_text(log)
    git(tmp_path, "clone", "-q", "repo", "clone")
    assert f"{ids['c5']} is the first fixed commit" in git(tmp_path / "clone", "bisect", "replay", "../log")
    report = bisector("report", folder=tmp_path / "repo").stdout
    assert "Range | broken" in report
    assert "| fixed |" in report


@pytest.mark.parametrize(
    "ends",
    [("--fixed", "--bad", "main~7"), ("--fixed", "--old", "main~7", "--new", "main")],
)
def test_old_and_new_name_the_ends(tmp_path: Path, ends: tuple[str, ...]) -> None:
    """Bad is the old end and good, by default HEAD, the new one; or they are named by age."""
    ids = fixed_history(tmp_path / "repo")
    told = summary_of(*ends, *TEST, folder=tmp_path / "repo")
    assert (told["conclusion"], told["exit_code"], told["find"]) == ("first-fixed", 0, "fix")
    assert (told["commit"], told["first_bad"]) == (ids["c5"], None)
    assert told["terms"] == {"old": "broken", "new": "fixed"}


def test_endpoints_that_look_swapped_are_offered_the_command(tmp_path: Path) -> None:
    """What is offered runs as it is, and finds the commit; it shares no reading with the first hunt."""
    ids = fixed_history(tmp_path / "repo")
    told = summary_of("--good", "main~7", "--bad", "main", *TEST, folder=tmp_path / "repo")
    assert told["exit_code"] == 7
    offered = shlex.split(told["next"][0])
    assert offered[:3] == ["bisector", "run", "--fixed"]
    found = summary_of(*offered[2:], folder=tmp_path / "repo")
    assert found["commit"] == ids["c5"]
    back = summary_of("--fixed", "--old", "main~2", "--new", "main", *TEST, folder=tmp_path / "repo")
    assert (back["exit_code"], back["conclusion"]) == (3, "no-difference")


def test_ends_in_the_wrong_order_are_refused_with_the_command(tmp_path: Path) -> None:
    """A fix is after its bug, and several good commits are no hunt for a fix."""
    fixed_history(tmp_path / "repo")
    done = bisector("run", "--fixed", "--good", "main~7", "--bad", "main", *TEST, folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "bisector run --good 'main~7' --bad main" in done.stderr
    two = ("--good", "main", "--good", "main~1", "--bad", "main~7")
    done = bisector("run", *two, *TEST, folder=tmp_path / "repo")
    assert done.returncode == 2
    assert "bisector run --fixed --old 'main~7' --new main" in done.stderr


def test_own_terms_and_a_measured_improvement(tmp_path: Path) -> None:
    """A count that falls is an improvement of 1.60x, in the user's words."""
    ids = fixed_history(tmp_path / "repo")
    counter = ("--predicate", "counter", "--set", "predicate.pattern='work: (\\d+)'")
    terms = ("--fixed", "--term-old", "slow", "--term-new", "fast", "--set", "predicate.exits=[0, 1]")
    done = bisector("run", *terms, "--bad", "main~7", *TEST, *counter, folder=tmp_path / "repo")
    assert f"first fast commit {ids['c5'][:12]}" in done.stdout, done.stdout + done.stderr
    assert "premise established: slow over fast 1.60x" in done.stdout
    told = json.loads(
        bisector("run", "--json", *terms, "--bad", "main~7", *TEST, *counter, folder=tmp_path / "repo").stdout
    )
    assert (round(told["ratio"], 2), told["confirmed"]) == (1.6, True)


def test_a_session_of_git_with_the_words_of_a_fix(tmp_path: Path) -> None:
    """`git bisect run bisector probe` and `import` read such a session the other way round."""
    ids, repo = fixed_history(tmp_path / "repo"), tmp_path / "repo"
    git(repo, "bisect", "start", "--term-old", "broken", "--term-new", "fixed", "main", "main~7")
    git(repo, "bisect", "broken", "main~4")
    told = json.loads(bisector("import", "--json", *TEST, folder=repo).stdout)
    assert told["taken"] == {ids["c3"]: "broken"}
    assert "--fixed" in told["next"]
    done = bisector("probe", *TEST, ids["c6"], folder=repo)
    assert (done.returncode, "is fixed" in done.stdout) == (1, True)
    done = bisector("probe", *TEST, ids["c1"], folder=repo)
    assert (done.returncode, "is broken" in done.stdout) == (0, True)


def test_a_judgement_turns_and_returns() -> None:
    """Good is bad and bad is good, a ratio is inverted; what says nothing stays."""
    assert turned_round(Good("why")) == Bad("why")
    assert turned_round(Measured(0.5, "half")) == Measured(2.0, "half")
    assert turned_round(Untestable("no")) == Untestable("no")
    assert isinstance(turned_round(Measured(5e-324, "tiny")), Untestable)
    for judgement in (Good("g"), Bad("b"), Measured(4.0, "m")):
        assert turned_round(turned_round(judgement)) == judgement
