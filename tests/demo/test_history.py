"""The histories: their shape, their truth, and that the seed decides everything."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from bisector import demo
from bisector.demo.edits import Edit
from bisector.errors import EnvironmentFault, UsageError

from .conftest import Maker, git

SCENARIOS = list(demo.SCENARIOS)


def test_a_seed_decides_every_commit_id(tmp_path: Path) -> None:
    """The same seed writes the same ids, and another seed writes others."""
    heads = [
        git(demo.make(tmp_path / name, "jit-miss", 30, seed).repo, "rev-parse", "architecture")
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    assert heads[0] == heads[1] != heads[2]


@pytest.mark.parametrize("commits", [12, 13, 40, 300])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_truth_fits_the_history(tmp_path: Path, scenario: str, commits: int) -> None:
    """The first bad commit is between the endpoints, and the number of commits is right."""
    made = demo.make(tmp_path / "made", scenario, commits, seed=11)
    truth = json.loads(made.truth.read_text())
    assert int(git(made.repo, "rev-list", "--count", "architecture")) == commits
    candidates = git(made.repo, "rev-list", "baseline..architecture").split()
    if scenario == "none":
        assert truth == {"first_bad": None, "any_of": []}
    elif scenario == "hidden":
        assert len(truth["any_of"]) >= 3
        assert truth["first_bad"] in truth["any_of"]
        assert set(truth["any_of"]) <= set(candidates)
    else:
        assert truth["any_of"] == [truth["first_bad"]]
        assert truth["first_bad"] in candidates


def test_the_repository_is_left_as_a_user_would_have_it(tmp_path: Path) -> None:
    """HEAD is on the trunk, the work tree is clean, and the plan and the hunt file are next to it."""
    made = demo.make(tmp_path / "made", "none", 40)
    assert git(made.repo, "symbolic-ref", "--short", "HEAD") == "architecture"
    assert git(made.repo, "status", "--porcelain") == ""
    assert git(made.repo, "fsck", "--strict") == ""
    assert (tmp_path / "made" / "plan.md").read_text().count("## Progress log") == 2
    assert "repository: repo" in made.hunt_file.read_text()


@pytest.mark.alone
def test_a_long_history_is_quick_to_write(tmp_path: Path) -> None:
    """120 commits take seconds, not minutes."""
    began = time.monotonic()
    demo.make(tmp_path / "made", "env-copy", 120)
    assert time.monotonic() - began < 5


def test_the_history_has_what_real_ones_have(tmp_path: Path) -> None:
    """Merges both ways, docs-only commits, watchdog bumps, growing suites, broken runs and merges."""
    repo = demo.make(tmp_path / "made", "none", 120).repo
    subjects = git(repo, "log", "--format=%s").splitlines()
    kinds = Counter(re.split(r"[: ]", s)[0] for s in subjects)
    assert kinds["docs"] > 3 and kinds["primitives"] > 10 and kinds["mend"] > 2
    assert any(s.startswith("Merge architecture into loops/") for s in subjects)
    assert any(s.startswith("Merge loops/") for s in subjects)
    assert any("(after: Merge" in s for s in subjects)
    bumps = [s for s in reversed(subjects) if "watchdog" in s]
    assert [s.split()[-1] for s in bumps] == ["1200s", "2400s"]
    assert "timeout 180" in git(repo, "show", "baseline:lib/tcl/test.sh")
    assert "timeout 2400" in git(repo, "show", "architecture:lib/tcl/test.sh")
    tests = [
        git(repo, "grep", "-h", "^(test ", rev, "--", "lib/tcl/tests").count("\n")
        for rev in ("baseline", "architecture")
    ]
    assert tests[1] > 1.5 * tests[0]
    docs = next(
        line.split()[0]
        for line in git(repo, "log", "--format=%H %s").splitlines()
        if line.split()[1] == "docs:"
    )
    assert git(repo, "diff", "--name-only", f"{docs}^", docs) == "docs/notes.md"


def test_seeds_place_the_culprit_on_the_trunk_and_on_branches(tmp_path: Path) -> None:
    """With a few seeds, the first bad commit is at different depths, on the first-parent chain and off it."""
    on_trunk, places = set(), set()
    for seed in range(8):
        made = demo.make(tmp_path / str(seed), "jit-miss", 60, seed)
        first = json.loads(made.truth.read_text())["first_bad"]
        chain = git(made.repo, "rev-list", "--first-parent", "architecture").split()
        on_trunk.add(first in chain)
        places.add(git(made.repo, "rev-list", "--count", first))
    assert on_trunk == {True, False}
    assert len(places) > 4


def test_merge_has_two_good_parents(made: Maker) -> None:
    """In `merge` the first bad commit is a merge, and each side has one half of the cause."""
    it = made("merge")
    first, _ = it.truth
    parents = git(it.history.repo, "show", "-s", "--format=%P", str(first)).split()
    jit = [git(it.history.repo, "show", f"{p}:hosts/ocaml/lib/sx_jit.ml") for p in parents]
    env = [git(it.history.repo, "show", f"{p}:hosts/ocaml/lib/sx_env.ml") for p in parents]
    assert sorted("env.stamp lsl 16" in text for text in jit) == [False, True]
    assert sorted("let stamps" in text for text in env) == [False, True]
    assert ["env.stamp lsl 16" in text for text in jit] != ["let stamps" in text for text in env]


@pytest.mark.parametrize("scenario", ["jit-miss", "merge", "hidden"])
def test_git_bisect_comes_to_the_same_answer(made: Maker, scenario: str) -> None:
    """`git bisect run` with each commit's true verdict finds the truth."""
    it = made(scenario)
    work = it.laid_out("architecture").root
    broken = r'Sx_list\|left = a\|lsl "1"\|-> );\|"rotate".*(items l)'
    verdict = (
        f"cd hosts/ocaml/lib; grep -q '{broken}' sx_primitives.ml && exit 125; "
        "grep -q 'env.stamp lsl 16' sx_jit.ml && grep -q 'let stamps' sx_env.ml && exit 1; exit 0"
    )
    git(work, "bisect", "start", "architecture", "baseline")
    said = subprocess.run(
        ["git", "-C", str(work), "bisect", "run", "sh", "-c", verdict], capture_output=True, text=True
    ).stdout
    git(work, "bisect", "reset")
    _, any_of = it.truth
    if len(any_of) == 1:
        assert f"{any_of[0]} is the first bad commit" in said
    else:
        listed = said.split("could be any of:")[1]
        assert set(re.findall(r"^[0-9a-f]{40}$", listed, re.MULTILINE)) == set(any_of)


@pytest.mark.parametrize(
    ("scenario", "commits", "says"),
    [("jit-hit", 40, "there is no scenario 'jit-hit'"), ("none", 11, "at least 12 commits, not 11")],
)
def test_what_cannot_be_made_is_said_in_a_sentence(
    tmp_path: Path, scenario: str, commits: int, says: str
) -> None:
    """An unknown scenario or too few commits is an error of the user, and nothing is written."""
    with pytest.raises(UsageError, match=says):
        demo.make(tmp_path / "made", scenario, commits)
    assert not (tmp_path / "made").exists()


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    """A folder that is not empty is refused."""
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(UsageError, match="is not empty"):
        demo.make(tmp_path, "none", 40)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("text", ["absent", "twice, twice"])
def test_an_edit_fails_loudly_where_its_text_is_not_there_once(text: str) -> None:
    """An edit that does not apply exactly once is an error, never a silent no-op."""
    with pytest.raises(EnvironmentFault, match="not once"):
        Edit("a.ml", "twice", "once").apply({"a.ml": text})
