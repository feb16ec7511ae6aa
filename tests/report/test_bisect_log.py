"""The git bisect log, replayed by the real git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bisector.hunt.conclusion import AnyOf, FirstBad
from bisector.hunt.record import CommitInfo, HuntRecord, Reading, Role
from bisector.predicate import Good
from bisector.report.bisect_log import git_bisect_log
from tests.report import factory


def git(repository: Path, *arguments: str) -> str:
    """The output of a git command. An error fails the test."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(repository),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ann Example",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann Example",
        "GIT_COMMITTER_EMAIL": "ann@example.org",
    }
    result = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 2), result.stderr + result.stdout
    return result.stdout.strip()


def real(record: HuntRecord, repository: Path) -> HuntRecord:
    """The record on a real repository: the same graph, with git's ids."""
    git(repository, "init", "--quiet")
    tree = git(repository, "mktree")
    ids: dict[str, str] = {}
    for old, info in record.commits.items():
        parents = [word for p in info.parents for word in ("-p", ids[p])]
        ids[old] = git(repository, "commit-tree", tree, *parents, "-m", f"{info.subject} {len(ids)}")
    git(repository, "update-ref", "HEAD", ids[record.bad.id])
    return renamed(record, ids)


def renamed(record: HuntRecord, ids: Mapping[str, str]) -> HuntRecord:
    """The record with other commit ids."""

    def info(old: CommitInfo) -> CommitInfo:
        return replace(old, id=ids[old.id], parents=tuple(ids[p] for p in old.parents))

    def reading(old: Reading) -> Reading:
        return replace(old, commit=ids[old.commit], against=ids.get(old.against, ""))

    conclusion = record.conclusion
    if isinstance(conclusion, FirstBad):
        conclusion = replace(conclusion, commit=ids[conclusion.commit])
    elif isinstance(conclusion, AnyOf):
        conclusion = replace(conclusion, commits=tuple(ids[c] for c in conclusion.commits))
    return replace(
        record,
        good=[info(c) for c in record.good],
        bad=info(record.bad),
        commits={ids[c]: info(i) for c, i in record.commits.items()},
        candidates=[ids[c] for c in record.candidates],
        readings=[reading(r) for r in record.readings],
        conclusion=conclusion,
        posterior={},
    )


def replayed(record: HuntRecord, repository: Path) -> tuple[dict[str, set[str]], str]:
    """The bisect refs by kind after `git bisect replay`, and the output of git."""
    log = repository / "log.txt"
    log.write_text(git_bisect_log(record))
    said = git(repository, "bisect", "replay", str(log))
    refs = git(repository, "for-each-ref", "--format=%(refname:strip=2)", "refs/bisect").split()
    found: dict[str, set[str]] = {"good": set(), "skip": set()}
    for ref in refs:
        kind, _, commit = ref.partition("-")
        found.setdefault(kind, set()).add(commit or git(repository, "rev-parse", f"refs/bisect/{ref}"))
    return found, said


def commits_of(record: HuntRecord, sides: Sequence[str]) -> dict[str, set[str]]:
    """The commits that the log marks as good or skip."""
    lines = [line.split() for line in git_bisect_log(record).splitlines() if line.startswith("git bisect")]
    return {side: {words[3] for words in lines if words[2] == side} for side in sides}


@pytest.mark.parametrize("case", ["measured", "verdict", "merge", "long"])
def test_replay_finds_the_same_commit(case: str, tmp_path: Path) -> None:
    """After a replay, git has the same refs and the same first bad commit as the hunt."""
    small = factory.measured(120, 77, broken=(60, 61)) if case == "long" else factory.CASES[case]()
    record = real(small, tmp_path)
    assert isinstance(record.conclusion, FirstBad)
    refs, said = replayed(record, tmp_path)
    expected = commits_of(record, ("good", "skip"))
    assert refs["bad"] == {record.conclusion.commit}
    assert refs["good"] == expected["good"] | {c.id for c in record.good}
    assert refs["skip"] == expected["skip"]
    assert record.conclusion.commit in said


def test_replay_of_untestable_commits(tmp_path: Path) -> None:
    """If only skipped commits are left, git names the same set as the hunt."""
    record = real(factory.any_of(), tmp_path)
    assert isinstance(record.conclusion, AnyOf)
    refs, said = replayed(record, tmp_path)
    assert len(refs["skip"]) == 4
    assert set(record.conclusion.commits) <= set(said.split())


def test_unfinished_hunt_can_be_gone_on_with(tmp_path: Path) -> None:
    """The log of a hunt without a conclusion leaves git in the middle of a bisection."""
    record = real(factory.unfinished(), tmp_path)
    refs, said = replayed(record, tmp_path)
    assert "Bisecting:" in said
    assert len(refs["good"]) == 2
    assert refs["bad"] == {record.bad.id}


def test_readings_at_odds_with_the_conclusion_are_left_out() -> None:
    """A noisy reading that the conclusion contradicts becomes a comment, not a command."""
    record = factory.verdict()
    wrong = record.candidates[29]
    readings = [r for r in record.readings if r.commit != wrong]
    lied = Reading(wrong, Role.SEARCH, Good("luck"), factory.START)
    log = git_bisect_log(replace(record, readings=[*readings, lied]))
    assert f"# omitted: [{wrong}]" in log
    assert "contradicts the conclusion" in log
    assert f"git bisect good {wrong}" not in log


def test_measurements_without_a_step_are_left_out() -> None:
    """Without an established step, measured values are neither good nor bad."""
    record = factory.measured()
    log = git_bisect_log(replace(record, premise=None, conclusion=None))
    assert "git bisect good" not in log
    assert "its readings are undecided" in log


def test_subjects_cannot_smuggle_commands() -> None:
    """Each line is a comment or a git command, whatever the subjects contain."""
    lines = git_bisect_log(factory.hostile()).splitlines()
    assert all(line.startswith("# ") or line.split()[:2] == ["git", "bisect"] for line in lines)
    assert all(char.isprintable() for line in lines for char in line)
