"""`bisector explain`: the steps of a hunt, from its journal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.explanation import Step, Why, steps
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement
from bisector.probe.reading import Reading
from tests.cli.running import WORK, bisector, shell_history
from tests.git_history import git
from tests.hunt.fake_engine import bad_from, hunt, plan_of, slower_from

LINE = [[at - 1] if at else [] for at in range(24)]


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished hunt over twelve commits, two of which do not build."""
    folder = tmp_path_factory.mktemp("explained")
    shell_history(folder / "repo", broken=[5, 6])
    assert bisector("run", "--quiet", *WORK, folder=folder / "repo").returncode == 0
    return folder / "repo"


def explained(folder: Path) -> dict[str, Any]:
    """The output of `explain --json`."""
    found: dict[str, Any] = json.loads(bisector("explain", "--json", *WORK, folder=folder).stdout)
    return found


def test_each_step_is_told_in_words(hunted: Path) -> None:
    """The range, both endpoints, every searched commit with its reason, the confirmation, and the answer."""
    text = bisector("explain", *WORK, folder=hunted).stdout
    assert text.strip().startswith("Range: 11 commits reachable from bad but not from good")
    for sentence in (
        "Premise: is the good endpoint good on this machine?",
        "Premise: is the bad endpoint bad on this machine?",
        "so either result would halve them",
        "That is no evidence for or against it. The search skips it.",
        "Confirmation: a parent of the suspected commit, built clean. It must be good.",
        "First bad commit",
    ):
        assert sentence in " ".join(text.split()), sentence
    assert text.index("The premise") < text.index("The search") < text.index("The confirmation")


def test_the_figures_narrow_down(hunted: Path) -> None:
    """The first test is worth about one bit, the candidates never increase, and one is left at the end."""
    search = [step for step in explained(hunted)["steps"] if step["for"] == "search"]
    assert search[0]["before"]["candidates"] > 10.9
    assert 0.9 < search[0]["prospect"]["bits"] <= 1
    for step in search:
        assert 0 < step["prospect"]["bad"] < 1
        assert step["after"]["candidates"] <= step["before"]["candidates"] + 1e-6
    assert search[-1]["after"]["probability"] > 0.99
    assert "untestable" in {step["judgement"] for step in search}


def test_nothing_is_run(hunted: Path, tmp_path: Path) -> None:
    """Explaining reads the journal without a change. Markdown is written to the given file."""
    before = explained(hunted)
    done = bisector("explain", *WORK, "--md", str(tmp_path / "why.md"), folder=hunted)
    assert done.returncode == 0
    assert "**The search: which test is most informative?**" in (tmp_path / "why.md").read_text()
    assert explained(hunted) == before


def test_a_folder_without_hunts_says_so(tmp_path: Path) -> None:
    """Before `bisector run` there is nothing to explain."""
    shell_history(tmp_path / "repo")
    done = bisector("explain", folder=tmp_path / "repo", XDG_CACHE_HOME=str(tmp_path / "none"))
    assert done.returncode == 2
    assert "bisector run" in done.stderr


def replayed(plan: Plan, readings: list[Reading]) -> list[Step]:
    """The steps, which contain all readings in their order."""
    found = list(steps(plan, Known(tuple(readings))))
    assert [reading for step in found for reading in step.readings] == readings
    return found


@pytest.mark.parametrize("first_bad", ["c0", "c9", "c23"])
def test_the_replay_is_what_the_search_did(first_bad: str) -> None:
    """Before each step the replayed belief proposes the commit that was read. After the last it is sure."""
    plan = plan_of(LINE)
    _, _, readings, _ = hunt(plan, bad_from(plan, first_bad, ["c11", "c12"]))
    at = 0
    found = replayed(plan, readings)
    for step in found:
        if step.why in (Why.HALVES, Why.LEVEL):
            assert Beliefs(plan).of(Known(tuple(readings[:at]))).propose() == step.commit
        at += len(step.readings)
    last = [step for step in found if step.after][-1]
    assert last.after is not None
    assert (last.after.likeliest, round(last.after.candidates, 6)) == (first_bad, 1)


def test_measured_hunts_are_replayed() -> None:
    """With noise too, every step has figures, and the last belief is that of the hunt."""
    plan = plan_of(LINE, ratio=1.3)
    _, _, readings, _ = hunt(plan, slower_from(plan, "c7", 2.0, 0.1, seed=3))
    searched = [step for step in replayed(plan, readings) if step.after]
    assert searched
    assert all(step.prospect and step.prospect.bits > 0 for step in searched)
    assert searched[-1].after is not None
    assert searched[-1].after.likeliest == "c7"


def test_flaky_verdicts_are_replayed() -> None:
    """Verdicts that contradict each other are explained without an error."""
    plan = plan_of(LINE)
    count = dict.fromkeys(plan.every_candidate.ids, 0)

    def judge(commit: str, against: str) -> Judgement:
        if commit == "good":
            return Good("good")
        count[commit] += 1
        truly = int(commit[1:]) >= 9
        lies = count[commit] % 4 == 2 and commit != plan.bad
        return Bad("bad") if truly is not lies else Good("good")

    _, _, readings, _ = hunt(plan, judge)
    assert all(step.before for step in replayed(plan, readings) if step.why is Why.HALVES)


def test_a_confirmation_in_vain_is_explained() -> None:
    """A commit that is read again after a failed confirmation says so."""
    plan = plan_of(LINE[:8], ratio=1.15, keep=[0, 2, 4, 6, 7])
    _, _, readings, _ = hunt(plan, slower_from(plan, "c3", 3.0, 0.02, seed=3))
    assert Why.DOUBTED in {step.why for step in replayed(plan, readings)}


def test_words_of_strangers_are_harmless(tmp_path: Path, hunted: Path) -> None:
    """A commit message with terminal codes is shown with harmless characters."""
    repo = tmp_path / "repo"
    shutil.copytree(hunted, repo)
    (repo / "test.sh").write_text("exit 1\n")
    git(repo, "commit", "--quiet", "--all", "--message", "red \x1b[31m alarm")
    arguments = ("--test", "sh test.sh", "--good", "main~12", "--scratch", str(tmp_path / "s"))
    bisector("run", "--quiet", "--build", "sh build.sh", *arguments, folder=repo)
    done = bisector("explain", "--build", "sh build.sh", *arguments, folder=repo)
    assert "alarm" in done.stdout
    assert "\x1b[31m" not in done.stdout
