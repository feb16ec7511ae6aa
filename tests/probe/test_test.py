"""One test run of a commit that is checked out in a slot."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.predicate import Ending, Run, Untestable
from bisector.probe import test as probe_test
from bisector.probe.execution import Execution
from bisector.probe.step import Step
from tests.probe.building import Site, site


def run_in(here: Site, log: str = "search-1") -> Execution:
    """The test at the first commit, as it was checked out."""
    here.worktree.checkout(here.commits[0])
    return probe_test.Tests(here.setup, ["^kept"]).run(here.worktree, here.commits[0], log)


def test_lines_are_kept_and_the_output_is_logged(tmp_path: Path) -> None:
    """Lines that match a pattern are kept, each with its time."""
    here = site(tmp_path, [{}, {}], test__command="echo kept; echo not; echo kept too")
    done = run_in(here)
    assert [match.text for match in done.run.matches["^kept"]] == ["kept", "kept too"]
    assert here.setup.log_path(here.commits[0], "search-1").read_text() == "kept\nnot\nkept too\n"
    assert here.steps == [Step.TESTING]


@pytest.mark.parametrize("command", ["exit 126", "exit 127"])
def test_a_test_that_cannot_be_run_is_untestable(tmp_path: Path, command: str) -> None:
    """If the test printed a result that counts, that is used."""
    assert isinstance(run_in(site(tmp_path / "a", [{}, {}], test__command=command)).judgement, Untestable)
    here = site(tmp_path / "b", [{}, {}], test__command=f"echo kept; {command}")
    assert run_in(here).judgement is None


@pytest.mark.parametrize("files", [{}, {"sub": "a file"}])
def test_a_folder_that_is_not_there_is_untestable(tmp_path: Path, files: dict[str, str | None]) -> None:
    """If the folder of the test does not exist, nothing is run."""
    here = site(tmp_path, [files, {}], test__folder="sub", test__command=f"touch {tmp_path}/ran")
    judgement = run_in(here).judgement
    assert isinstance(judgement, Untestable) and "the test's folder sub does not exist" in judgement.why
    assert not (tmp_path / "ran").exists()


def test_a_scoreboard_counts_if_this_run_wrote_it(tmp_path: Path) -> None:
    """A scoreboard that the commit contains or an earlier run left does not count."""
    suites = {"scoreboard": "board.json"}
    here = site(tmp_path / "a", [{"board.json": "old"}, {}], suites=suites)
    assert run_in(here).run.scoreboard == ""
    here = site(
        tmp_path / "b", [{"board.json": "old"}, {}], suites=suites, test__command="echo new >board.json"
    )
    assert run_in(here).run.scoreboard == "new\n"


def test_a_watch_ends_the_run(tmp_path: Path) -> None:
    """The watch gives the judgement."""
    here = site(tmp_path, [{}, {}], test__command="echo kept; sleep 66")

    def watch(run: Run) -> Untestable | None:
        return Untestable("seen") if run.matches.get("^kept") else None

    here.worktree.checkout(here.commits[0])
    done = probe_test.Tests(here.setup, ["^kept"]).run(here.worktree, here.commits[0], "log", watch)
    assert done.judgement == Untestable("seen") and done.run.ending is Ending.JUDGED
