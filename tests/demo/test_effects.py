"""Each cause, measured on real builds of the first bad commit and its parents."""

from __future__ import annotations

import json
import re
from statistics import median

import pytest

from bisector.demo.guests import GUESTS, SUITES

from .conftest import Made, Maker, Tree, git


def sides(made: Made) -> tuple[Tree, Tree]:
    """Built trees just before and just after the cause."""
    _, any_of = made.truth
    return made.built(f"{any_of[0]}^"), made.built(any_of[-1])


def ratio(good: Tree, bad: Tree, guest: str, pairs: int) -> float:
    """Median ratio of user times, from interleaved pairs of runs."""
    ratios = []
    for _ in range(pairs):
        before, after = good.run(guest), bad.run(guest)
        assert before.status == after.status == 0, after.output[-300:]
        ratios.append(after.user / before.user)
    return median(ratios)


@pytest.mark.parametrize(
    ("scenario", "guest", "low", "high"),
    [
        ("env-copy", "tcl", 4, 30),
        ("env-copy", "prolog", 4, 30),
        ("jit-miss", "tcl", 4, 30),
        ("jit-miss", "haskell", 4, 30),
        ("merge", "tcl", 4, 30),
        ("hidden", "tcl", 4, 30),
        ("snapshot-copy", "haskell", 1.5, 5),
        ("sentinel-widened", "tcl", 2, 9),
    ],
)
def test_a_strong_cause_is_plain_to_see(
    made: Maker, scenario: str, guest: str, low: float, high: float
) -> None:
    """The large slowdowns, with tolerance for a busy machine."""
    good, bad = sides(made(scenario))
    assert low < ratio(good, bad, guest, 3 if high < 10 else 1) < high


@pytest.mark.alone
@pytest.mark.parametrize("scenario", ["type-check", "frame-lists"])
def test_a_weak_cause_is_about_a_third(made: Maker, scenario: str) -> None:
    """The constant factors are about 1.3, by the median of interleaved pairs."""
    good, bad = sides(made(scenario))
    assert 1.12 < ratio(good, bad, "haskell", 7) < 1.6


def test_both_parents_of_the_bad_merge_are_good(made: Maker) -> None:
    """Each half of the cause alone does not change the cache."""
    it = made("merge")
    first, _ = it.truth
    for parent in ("^1", "^2"):
        counters = it.built(f"{first}{parent}").run("tcl").counters
        assert counters["jit-compiles"] < 1000
    assert it.built(str(first)).run("tcl").counters["jit-compiles"] > 10_000


COUNTERS = {
    "env-copy": "env-copied-bindings",
    "jit-miss": "jit-compiles",
    "snapshot-copy": "snapshot-frames",
    "sentinel-widened": "jit-sentinel-hits",
    "type-check": "type-checks",
    "frame-lists": "frame-list-cells",
}


@pytest.mark.parametrize("scenario", COUNTERS)
def test_each_hypothesis_has_a_counter_of_its_own(made: Maker, scenario: str) -> None:
    """The cause's own counter jumps, and the counters of the five others do not."""
    good, bad = sides(made(scenario))
    before, after = good.run("haskell").counters, bad.run("haskell").counters
    for name in COUNTERS.values():
        if name == COUNTERS[scenario]:
            assert after[name] > 100 * max(1, before[name] // 10)
        else:
            assert after[name] == before[name]


def test_the_chain_gives_no_marker_in_time(made: Maker) -> None:
    """`markers`: good needs much less user time than the hunt's 3 s, and bad prints nothing."""
    good, bad = sides(made("markers"))
    before = good.run("erlang")
    assert before.status == 0
    assert before.first_marker is not None
    assert before.user < 1.5
    after = bad.run("erlang", patience=4)
    assert after.first_marker is None


def test_memory_is_kept_beyond_the_limit(made: Maker) -> None:
    """`oom`: good stays far below 256 MiB, and bad exceeds it."""
    good, bad = sides(made("oom"))
    assert good.run("prolog").peak < 64 << 20
    assert bad.run("prolog").peak > 256 << 20


def test_growth_is_no_regression(made: Maker) -> None:
    """`none`: user time per test is about the same at both endpoints, although the suites grew."""
    it = made("none")
    ratios = []
    for _ in range(3):
        per_test = []
        for revision in ("baseline", "architecture"):
            run = it.built(revision).run("tcl")
            total = re.search(r"^total: \d+/(\d+)", run.output, re.MULTILINE)
            assert run.status == 0 and total
            per_test.append(run.user / int(total[1]))
        ratios.append(per_test[1] / per_test[0])
    assert 0.75 < median(ratios) < 1.25


@pytest.mark.parametrize("guest", GUESTS)
def test_a_script_prints_its_table(made: Maker, guest: str) -> None:
    """Markers, then `suite: passed/total` for each suite and the total, and a scoreboard if requested."""
    tree = made("none").built("architecture")
    run = tree.run(guest)
    rows = re.findall(r"^([a-z]+): (\d+)/(\d+)$", run.output, re.MULTILINE)
    assert run.status == 0
    assert [name for name, _, _ in rows] == [*SUITES[guest], "total"]
    assert all(passed == total != "0" for _, passed, total in rows)
    assert rows[-1][2] == str(sum(int(total) for _, _, total in rows[:-1]))
    assert len(re.findall(r"^\(ok-len \d+ \d+\)$", run.output, re.MULTILINE)) >= int(rows[-1][2])
    if guest not in ("tcl", "lua"):
        board = json.loads((tree.root / f"lib/{guest}/scoreboard.json").read_text())
        assert board["total"] == board["passed"] == int(rows[-1][2])
        assert list(board["suites"]) == list(SUITES[guest])
    assert git(tree.root, "status", "--porcelain") == ""


def test_a_failing_test_is_counted_and_named(made: Maker) -> None:
    """A wrong payload lowers `passed`, is printed, and makes the script fail."""
    tree = made("none").laid_out("baseline^")
    assert tree.build().returncode == 0
    suite = tree.root / "lib/tcl/tests/parse.sx"
    suite.write_text(suite.read_text().replace("\n  5)", "\n  6)", 1))
    run = tree.run("tcl")
    assert run.status == 1
    assert "expected 6, got 5" in run.output
    total = re.search(r"^total: (\d+)/(\d+)$", run.output, re.MULTILINE)
    assert total and int(total[1]) == int(total[2]) - 1


def test_broken_commits_do_not_build_and_mended_ones_do(made: Maker) -> None:
    """All commits of the run that hides the cause fail in the compiler, and those around it build."""
    it = made("hidden")
    _, any_of = it.truth
    for commit in any_of[:-1]:
        done = it.laid_out(commit).build()
        assert done.returncode != 0
        assert "Error" in done.stderr
    assert it.built(any_of[-1])
