"""`bisector compare`: did the fix, the other predicate or the other machine change the answer?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import bisector, shell_history

FILE = """\
good: main~11
bad: main
build: {{command: sh build.sh}}
test: {{command: test $(cat out) -lt {limit}}}
scratch: ../scratch
"""


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Two hunts with different tests: c8 is the first bad commit of one, c4 of the edited one."""
    folder = tmp_path_factory.mktemp("compared")
    ids = shell_history(folder / "repo", broken=[6])
    for limit in (8, 4):
        (folder / "repo/hunt.yaml").write_text(FILE.format(limit=limit))
        assert bisector("run", "-q", folder=folder / "repo").returncode == 0
    return folder / "repo", ids


def compared(folder: Path, *arguments: str) -> dict[str, Any]:
    """The output of `compare --json`."""
    done = bisector("compare", "--json", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_edited_hunt_beside_the_one_before(hunted: tuple[Path, dict[str, str]]) -> None:
    """Both answers, the value that was edited, and the commits that only one of them calls bad."""
    repo, ids = hunted
    found = compared(repo, "hunt~1", "hunt")
    assert found["same_answer"] is False
    assert [one["first_bad"] for one in found["hunts"]] == [ids["c8"], ids["c4"]]
    assert found["differs"] == {"test.command": ["test $(cat out) -lt 8", "test $(cat out) -lt 4"]}
    differently = {one["commit"]: one["sides"] for one in found["judged_differently"]}
    assert differently
    assert set(differently) <= {ids[name] for name in ("c4", "c5", "c7")}
    assert all(sides == ["good", "bad"] for sides in differently.values())
    assert found["read_by_both"] > len(differently)


def test_side_by_side(hunted: tuple[Path, dict[str, str]]) -> None:
    """The text begins with the answer and has a column for each hunt; --md writes the same."""
    repo, ids = hunted
    text = bisector("compare", "hunt~1", "hunt.yaml", folder=repo).stdout.strip()
    first = f"The answers differ: hunt~1 says first bad commit {ids['c8'][:12]} (c8), "
    assert text.startswith(f"{first}hunt.yaml says first bad commit {ids['c4'][:12]} (c4).")
    words = [line.split() for line in text.splitlines()]
    assert ["hunt~1", "hunt.yaml"] in words
    assert ["commit", "c8", "c4"] in words
    page = bisector("compare", "hunt~1", "hunt", "--md", "-", folder=repo).stdout
    assert "| commit | c8 | c4 |" in page


def test_the_same_answer(hunted: tuple[Path, dict[str, str]]) -> None:
    """A hunt agrees with itself, also when it is named by its file."""
    repo, _ = hunted
    found = compared(repo, "hunt", "hunt.yaml")
    assert found["same_answer"] is True
    assert found["title"].startswith("Both give the same answer: first bad commit ")
    assert (found["differs"], found["judged_differently"]) == ({}, [])


def test_the_journal_of_another_machine(hunted: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A scratch folder that was copied from elsewhere means its newest hunt, whose repository is this one."""
    repo, ids = hunted
    (tmp_path / "repo/.git").parent.mkdir()
    shutil.copytree(repo.parent / "scratch", tmp_path / "other")
    shutil.copytree(repo / ".git", tmp_path / "repo/.git")
    shutil.move(repo, repo.parent / "gone")
    try:
        found = compared(tmp_path / "repo", "hunt~1", "../other", "--scratch", "../other")
    finally:
        shutil.move(repo.parent / "gone", repo)
    assert [one["first_bad"] for one in found["hunts"]] == [ids["c8"], ids["c4"]]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["hunt", "lost"], "there is no hunt and no hunt file 'lost'; the hunts in "),
        (["hunt~9", "hunt"], "there is no hunt 'hunt~9': the journal has 2 of that name"),
    ],
)
def test_a_name_that_means_nothing(
    hunted: tuple[Path, dict[str, str]], names: list[str], sentence: str
) -> None:
    """The sentence says which hunts there are."""
    done = bisector("compare", *names, folder=hunted[0])
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unfinished_hunt(hunted: tuple[Path, dict[str, str]]) -> None:
    """What is known so far is compared, and the sentence says what is not finished."""
    repo, _ = hunted
    assert bisector("check", "--name", "begun", folder=repo).returncode == 0
    found = compared(repo, "begun", "hunt")
    assert found["title"] == "begun is not finished."
    assert (found["same_answer"], found["read_by_both"]) == (False, 2)
