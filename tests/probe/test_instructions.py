"""`instructions`: counts of real process trees under valgrind, in a slot and in a sandbox."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from bisector.predicate import Ending, Judgement, Measured, Predicate, Run, ToolMissing, Untestable
from bisector.probe import test as probe_test
from bisector.probe.discovery import find_predicate
from tests.probe.building import Site, site

needs_valgrind = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
needs_sandbox = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
LOOP = "i=0; while [ $i -lt {} ]; do i=$((i+1)); done"


def instructions(**options: Any) -> Predicate[Any]:
    """The predicate with these options."""
    kind = find_predicate("instructions", Path())
    return kind(kind.Options.model_validate(options))


def run_in(here: Site) -> Run:
    """The test at the first commit, counted by valgrind."""
    here.worktree.checkout(here.commits[0])
    tool = instructions(source="valgrind").tool(here.setup.environment)
    return probe_test.Tests(here.setup, [], tool=tool).run(here.worktree, here.commits[0], "search-1").run


def judged(run: Run, baseline: Run) -> Judgement:
    """The judgement of `run` beside `baseline`."""
    return instructions().judge(run, baseline)


@needs_valgrind
def test_the_count_repeats_and_leaves_nothing_in_the_slot(tmp_path: Path) -> None:
    """Two runs differ by less than a thousandth, though TMPDIR differs, and the work tree is as before."""
    here = site(tmp_path, [{}, {}], test__command=LOOP.format(2000))
    one = run_in(here)
    before = sorted(path.name for path in here.worktree.path.iterdir())
    other = run_in(here)
    found = judged(other, one)
    assert isinstance(found, Measured) and found.value == pytest.approx(1, rel=1e-3)
    assert "million instructions" in found.why
    assert sorted(path.name for path in here.worktree.path.iterdir()) == before
    assert one.ending is Ending.EXITED


@needs_valgrind
def test_hash_seeds_are_fixed(tmp_path: Path) -> None:
    """Sets of texts in Python are in the same order in each run, so that the count repeats."""
    line = f"{sys.executable} -S -E -c 'print(1)'; echo seed $PYTHONHASHSEED"
    assert "seed 0" in run_in(site(tmp_path, [{}, {}], test__command=line)).output


@needs_valgrind
def test_the_seed_of_the_user_stays(tmp_path: Path) -> None:
    """A seed in `environment` wins."""
    here = site(
        tmp_path, [{}, {}], test__command="echo $PYTHONHASHSEED", environment__set={"PYTHONHASHSEED": "7"}
    )
    assert run_in(here).output == "7\n"


@needs_valgrind
def test_children_are_counted(tmp_path: Path) -> None:
    """A loop in another program counts as much as one in the shell itself."""
    bare = run_in(site(tmp_path / "bare", [{}, {}], test__command="sh -c ':'; true"))
    more = run_in(site(tmp_path / "more", [{}, {}], test__command=f"sh -c '{LOOP.format(5000)}'; true"))
    found = judged(more, bare)
    assert isinstance(found, Measured) and found.value > 5


@needs_valgrind
def test_a_process_that_forks_without_a_program_of_its_own_gives_no_figure(tmp_path: Path) -> None:
    """valgrind counts what its parent did before once more, which is no measurement."""
    run = run_in(site(tmp_path, [{}, {}], test__command=f"{LOOP.format(3000)}; (:; :); true"))
    found = judged(run, run)
    assert isinstance(found, Untestable)
    assert "forks processes that start no other program" in found.why


@needs_valgrind
def test_a_killed_process_gives_no_figure(tmp_path: Path) -> None:
    """Its count is lost, and without it the sum would look better than it is."""
    line = "(read never <fifo) & mkfifo fifo; kill -9 $!; wait; true"
    run = run_in(site(tmp_path, [{}, {}], test__command=line))
    assert run.exit_code == 0
    assert isinstance(judged(run, run), Untestable)


@needs_valgrind
def test_the_timeout_is_that_of_the_test_alone(tmp_path: Path) -> None:
    """Under valgrind it is fifty times as long, and a test that reaches it is untestable."""
    here = site(tmp_path, [{}, {}], test__command="sleep 60", test__timeout="0.01s")
    run = run_in(here)
    assert run.ending is Ending.TIMEOUT and run.wall >= 0.5
    found = judged(run, run)
    assert isinstance(found, Untestable) and "under valgrind, 50 times the hunt's timeout" in found.why


@needs_valgrind
def test_the_exit_code_is_that_of_the_test(tmp_path: Path) -> None:
    """A test that fails where the reference's succeeds is untestable, however few instructions it took."""
    well = run_in(site(tmp_path / "a", [{}, {}], test__command=":"))
    failed = run_in(site(tmp_path / "b", [{}, {}], test__command="exit 3"))
    assert failed.exit_code == 3
    assert isinstance(judged(failed, well), Untestable)


@needs_valgrind
@needs_sandbox
def test_in_a_sandbox(tmp_path: Path) -> None:
    """The logs come out of it, and the slot stays clean."""
    run = run_in(site(tmp_path, [{}, {}], test__command=LOOP.format(500), sandbox="bwrap"))
    assert isinstance(judged(run, run), Measured), run.output


def test_what_to_install(tmp_path: Path) -> None:
    """Without perf and valgrind on PATH, one sentence says so, before anything is built."""
    with pytest.raises(ToolMissing, match="install the package `valgrind`"):
        instructions().tool({"PATH": str(tmp_path)})


def test_counts_of_two_sources_are_not_compared() -> None:
    """perf and valgrind count differently."""
    base = {"wall": 1.0, "user": 1.0, "system": 0.0, "ending": Ending.EXITED, "exit_code": 0}
    one, other = (Run(**base, counts={f"instructions by {tool}": 1e6}) for tool in ("perf", "valgrind"))
    found = judged(one, other)
    assert isinstance(found, Untestable) and "perf counted this run, but valgrind" in found.why
    assert isinstance(judged(one, one), Measured)


def counting() -> Any:
    """The module of the tools; `predicates` lies at the top level, so it is found through its package."""
    from bisector.predicates import counting_tools

    return counting_tools


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (["# started on Sun", "", "12345,,instructions:u,1000000,100.00,,"], 12345),
        (["7,,cpu_core/instructions:u/,9,100.00,,", "5,,cpu_atom/instructions:u/,9,100.00,,"], 12),
        (["7,,cpu_core/instructions:u/,9,100.00,,", "<not counted>,,cpu_atom/instructions/,0,0.00,,"], 7),
        (["12345,,instructions:u,1000000,63.10,,"], None),
        (["<not supported>,,instructions:u,0,100.00,,"], None),
        (["5,,page-faults,9,100.00,,"], None),
        ([], None),
    ],
)
def test_the_output_of_perf(lines: list[str], count: float | None) -> None:
    """A count that perf only estimated, because the counter was shared, is none."""
    assert counting().perf_count("\n".join(lines)) == count


def test_the_logs_of_valgrind() -> None:
    """Totals are added up; a child with its parent's command may have counted that much twice."""
    log = "=={0}== Command: {2}\n=={0}== Parent PID: {1}\n=={0}== \n=={0}== I   refs:      {3}\n"
    logs = [
        log.format(10, 1, "sh a", "1,000"),
        log.format(11, 10, "sh a", "1,500"),
        log.format(12, 10, "ls", "30"),
    ]
    found = counting().valgrind_counts(logs)
    assert found[counting().BY_VALGRIND] == 2530 and found[counting().MAYBE_TWICE] == 1000
    assert counting().valgrind_counts([*logs, "==13== Command: x\n"])[counting().LOST] == 1
    assert counting().valgrind_counts([]) == {}
