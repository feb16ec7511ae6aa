"""A fault of one commit affects only that commit: one that cannot be checked out is untestable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bisector.errors import ExitCode
from tests.faults.hunting import Hunt, hunt_in
from tests.git_history import git

BEFORE = ("c4", "c5", "c6", "c7")
"""The commits just before the first bad one."""


def filtered(folder: Path, fails: str) -> Hunt:
    """The file `doc` goes through a filter, like that of Git LFS, which fails if it matches `fails`."""
    hunt = hunt_in(folder)
    smudge = f"read x; case $x in {fails}) echo get it from the server >&2; exit 1;; esac; echo $x"
    git(hunt.repository, "config", "filter.big.smudge", smudge)
    git(hunt.repository, "config", "filter.big.clean", "cat")
    git(hunt.repository, "config", "filter.big.required", "true")
    (hunt.repository / ".git/info/attributes").write_text("doc filter=big\n")
    return hunt


def likeliest(text: str) -> set[str]:
    """The commits of which one is the first bad one."""
    return set(json.loads(text)["any_of"])


def test_a_filter_that_fails_for_some_commits(tmp_path: Path) -> None:
    """Commits on which a filter fails are untestable, with the message of the filter."""
    hunt = filtered(tmp_path, "[4-7]")
    done = hunt.run()
    assert done.returncode == ExitCode.ONLY_UNTESTABLE, done.stderr
    assert likeliest(done.stdout) == {hunt.ids[name] for name in (*BEFORE, "c8")}


def test_a_filter_that_always_fails(tmp_path: Path) -> None:
    """If no commit can be checked out, it is a fault of the machine, and git's messages are shown."""
    hunt = filtered(tmp_path, "*")
    hunt.assert_refused(hunt.run(), "get it from the server", "external filter", "smudge filter big failed")


def test_commits_that_are_not_to_be_tested(tmp_path: Path) -> None:
    """`skip` accepts commits and ranges. They count as untestable and are never read."""
    hunt = hunt_in(tmp_path)
    skip = f"skip=['{hunt.ids['c4']}', '{hunt.ids['c4']}..{hunt.ids['c7']}']"
    done = hunt.run("--set", skip)
    assert done.returncode == ExitCode.ONLY_UNTESTABLE, done.stderr
    assert likeliest(done.stdout) == {hunt.ids[name] for name in (*BEFORE, "c8")}
    assert not {commit for _, commit, _ in hunt.readings()} & {hunt.ids[name] for name in BEFORE}


@pytest.mark.parametrize("named", ["c8", "c7"], ids=["the answer", "its parent"])
def test_a_confirmed_answer_is_asked_anew_where_skip_names_what_it_rests_on(
    tmp_path: Path, named: str
) -> None:
    """With `skip`, the answer is one of several commits. Without it, the same command finds it again."""
    hunt = hunt_in(tmp_path)
    assert hunt.run().returncode == 0
    skipping = hunt.run("--set", f"skip=['{hunt.ids[named]}']")
    assert skipping.returncode == ExitCode.ONLY_UNTESTABLE, skipping.stderr
    assert hunt.ids["c8"] in likeliest(skipping.stdout)
    assert hunt.run().returncode == 0
    before = _searched(hunt)
    assert hunt.run("--set", f"skip=['{hunt.ids['c2']}']").returncode == 0
    assert _searched(hunt) == before


def _searched(hunt: Hunt) -> list[tuple[int, str, str]]:
    """The readings of premise and search; the confirmation of an answer is made again at each start."""
    return [reading for reading in hunt.readings() if reading[2] != "confirmation"]


def test_an_endpoint_is_not_skipped(tmp_path: Path) -> None:
    """An endpoint must be tested. A revision that names nothing has its own message."""
    hunt = hunt_in(tmp_path)
    for revision, why in ((f"{hunt.ids['c9']}..main", "an endpoint"), ("nowhere", "no commit 'nowhere'")):
        done = hunt.run("--set", f"skip=['{revision}']")
        assert done.returncode == ExitCode.USAGE, done.stderr
        assert why in done.stderr
