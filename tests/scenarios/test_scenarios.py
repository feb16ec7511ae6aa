"""Every scenario of the sample history, hunted as a user would: real repositories, real dune builds."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from bisector import demo
from bisector.probe.hierarchies import PREFIX, detect
from tests.git_history import git

SCENARIOS = sorted(demo.SCENARIOS)

LIGHTER = dict.fromkeys(["env-copy", "jit-miss", "merge", "hidden", "sentinel-widened"], 50)
"""Percent of the usual workload, for effects so large that half of it is enough."""

SLOW = {"frame-lists", "snapshot-copy"}
"""Small measured steps, as in type-check, that take most of a minute each: `make test-long` runs them."""

BY_THE_CLOCK = {"markers"}
"""Judged by wall time, which no hunt accepts while other processes use the machine."""


@dataclass(frozen=True)
class Hunted:
    """The output of a hunt, and the truth of the sample history."""

    exit_code: int
    summary: dict[str, object]
    first_bad: str | None
    any_of: set[str]


def traces(sample: Path, hunt: int = 0) -> dict[str, object]:
    """Possible leftovers of a hunt (its process id): repository, slots, processes, control groups."""
    repo = sample / "repo"
    git(repo, "update-index", "-q", "--refresh")
    return {
        "HEAD": (repo / ".git/HEAD").read_text(),
        "refs": git(repo, "for-each-ref"),
        "index": git(repo, "ls-files", "-s"),
        "work tree": git(repo, "status", "--porcelain", "--ignored"),
        "worktrees": git(repo, "worktree", "list"),
        "git folder": sorted(str(p.relative_to(repo)) for p in (repo / ".git").glob("*")),
        "locks": sorted(sample.rglob("*.lock")),
        "slots": sorted((sample / "worktrees/slots").glob("*")),
        # Only of this hunt, because others may run at the same time.
        "groups": [group for top in detect().folders for group in top.glob(f"{PREFIX}{hunt}-*")],
        "processes": [
            p.pid for p in psutil.process_iter(["cmdline"]) if str(sample) in str(p.info["cmdline"])
        ],
    }


def hunted(folder: Path, scenario: str, commits: int, seed: int, workload: int = 100) -> Hunted:
    """Create a sample history, hunt in it with the command line, and check that nothing is left behind."""
    made = demo.make(folder / "sample", scenario, commits=commits, seed=seed, workload=workload)
    before = traces(folder / "sample")
    command = [sys.executable, "-m", "bisector", "run", "--json", "--config", str(made.hunt_file)]
    hunt = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, said = hunt.communicate(timeout=1200)
    assert traces(folder / "sample", hunt.pid) == before, "the hunt left something behind"
    assert out.count("\n") == 1, said
    truth = json.loads(made.truth.read_text())
    return Hunted(hunt.returncode, json.loads(out), truth["first_bad"], set(truth["any_of"]))


def check(scenario: str, found: Hunted) -> None:
    """The answer is the truth, and has the best possible confidence."""
    summary = found.summary
    if scenario == "none":
        assert (found.exit_code, summary["conclusion"]) == (3, "no-regression")
    elif scenario == "hidden":
        assert (found.exit_code, summary["conclusion"]) == (4, "any-of")
        assert set(map(str, summary["any_of"] or [])) == found.any_of
    else:
        assert (found.exit_code, summary["first_bad"]) == (0, found.first_bad)
        assert summary["confirmed"] is True


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(one, marks=pytest.mark.alone) if one in BY_THE_CLOCK else one
        for one in SCENARIOS
        if one not in SLOW
    ],
)
def test_the_answer_is_the_truth(tmp_path: Path, scenario: str) -> None:
    """In a history of about 40 commits the hunt finds the truth and leaves nothing behind."""
    check(scenario, hunted(tmp_path, scenario, 40, 7, LIGHTER.get(scenario, 100)))


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_answer_is_the_truth_in_long_histories(tmp_path: Path, scenario: str, seed: int) -> None:
    """In histories with 120 commits and three seeds, the hunt also finds the truth."""
    check(scenario, hunted(tmp_path, scenario, 120, seed))
