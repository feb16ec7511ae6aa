"""Quantify: the plan's table and question, on test suites in shell and on the sample history."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector import demo
from tests.cli.running import bisector
from tests.phases.guests import guests, hunt, readings, result, script

FAST, SLOW = 3_000_000, 20_000_000


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two measured test suites: lua became ten times slower, and tcl did not. prolog was added later."""
    folder = tmp_path_factory.mktemp("two")
    ids = guests(
        folder,
        old={"lua.sh": script(FAST), "tcl.sh": script(FAST)},
        new={"lua.sh": script(SLOW), "prolog.sh": script(FAST)},
    )
    for name in ("lua", "tcl", "prolog"):
        hunt(folder, name, ids["old"], ids["new"])
    return folder


@pytest.fixture(scope="module")
def found(two: Path) -> dict[str, object]:
    """The results of quantify."""
    return result("quantify", "--guests", "all", "--md", "table.md", folder=two)


def test_the_guest_that_stands_out_is_named(found: dict[str, object]) -> None:
    """One slow test suite among others is not a substrate-wide cause."""
    answer = str(found["answer"])
    assert answer.startswith("It varies: lua (")
    assert "stands out, tcl does not; a guest-specific path" in answer


def test_the_table_has_what_was_read(found: dict[str, object]) -> None:
    """Totals, tests, suites and outcome at each endpoint, for each test suite."""
    rows = {row["guest"]: row for row in found["guests"]}  # type: ignore[attr-defined]
    assert rows["lua"]["ratio"] > 4
    assert rows["tcl"]["interval"][0] < 1.2
    good = rows["lua"]["good"]
    assert (good["outcome"], good["passed"], good["total"], good["suites"]) == (
        *("pass", 5, 5),
        {"parse": [2, 2], "eval": [3, 3]},
    )
    assert good["user"] > 0 and good["user_per_test"] == pytest.approx(good["user"] / 5)


def test_a_script_that_is_not_there_at_good_is_na_with_the_reason(found: dict[str, object]) -> None:
    """The test suite stays in the table, with its time at bad."""
    rows = {row["guest"]: row for row in found["guests"]}  # type: ignore[attr-defined]
    prolog = rows["prolog"]
    assert prolog["good"]["outcome"] == "n/a"
    assert "does not exist" in prolog["good"]["why_not"]
    assert (prolog["bad"]["outcome"], prolog["bad"]["total"], prolog["ratio"]) == ("pass", 5, None)


def test_the_markdown_is_written_beside(two: Path, found: dict[str, object]) -> None:
    """The file has what the journal keeps: tables, premise check, answer."""
    assert (two / "table.md").read_text() == f"{found['markdown']}\n"
    assert "| lua | good | pass | 5/5 |" in str(found["markdown"])
    assert "**Conclusion - premise check**" in str(found["markdown"])
    assert "A uniform slowdown is not visible" in str(found["markdown"])


def test_nothing_is_measured_twice(two: Path, found: dict[str, object]) -> None:
    """A repeat takes no new reading. `--again` does, and so does a check."""
    before = readings(two)
    again = result("quantify", "--guests", "lua,prolog,tcl", folder=two)
    assert again["guests"] == found["guests"]
    assert readings(two) == before
    result("quantify", "--config", "configs/tcl.yaml", "--again", folder=two)
    assert readings(two) > before
    checked = bisector("check", "--config", "configs/lua.yaml", folder=two)
    assert (checked.returncode, "premise" in checked.stdout) == (0, True)


def test_a_good_test_runs_to_its_end(tmp_path: Path) -> None:
    """Even if the first marker makes a commit good, the totals are those of the full test."""
    ids = guests(
        tmp_path,
        old={"erlang.sh": f"echo '(ok-len 1 2)'\nsleep 0.3\n{script(FAST)}"},
        new={"erlang.sh": "sleep 20\n"},
    )
    hunt(tmp_path, "erlang", ids["old"], ids["new"], "{name: markers_within, within: 1s}")
    found = result("quantify", "--config", "erlang", folder=tmp_path)
    (row,) = found["guests"]
    assert (row["good"]["outcome"], row["good"]["total"]) == ("pass", 5)
    assert row["good"]["wall"] > 0.3
    assert (row["bad"]["outcome"], row["ratio"], row["broken"]) == ("no markers", None, True)
    assert found["answer"].startswith("There is a regression: erlang (no markers)")
    assert readings(tmp_path) == 2


def test_a_scoreboard_file_counts_before_the_output(tmp_path: Path) -> None:
    """Suites come from the file that the test writes, and not from an older file."""
    board = '{"suites": {"ring": {"passed": 7, "total": 8}}, "passed": 7, "total": 8}'
    ids = guests(
        tmp_path,
        old={"erlang.sh": f"{script(FAST)}echo '{board}' >board.json\n"},
        new={"erlang.sh": script(FAST), "board.json": board},
    )
    hunt(tmp_path, "erlang", ids["old"], ids["new"], more="suites: {scoreboard: board.json}\n")
    (row,) = result("quantify", "--config", "erlang", folder=tmp_path)["guests"]
    assert row["good"]["suites"] == {"ring": [7, 8]}
    assert row["bad"]["suites"] == {"parse": [2, 2], "eval": [3, 3]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "no hunt named; use --config FILE"),
        (["--guests", "lua,cobol"], "--guests cobol: no hunt file"),
        (["--config", "cobol"], "no such hunt file"),
        (["--config", "lua", "--set", "suites.pattern=("], "is not a regular expression"),
        (["--config", "lua", "--set", "suites.pattern=(?P<suite>a)"], "has no group 'passed'"),
        (["--guests", "lua,tcl", "--set", "hunt=one"], "two hunt files have the name 'one'"),
    ],
    ids=lambda given: "-".join(given)[:24] if isinstance(given, list) else "",
)
def test_a_mistake_is_one_sentence(two: Path, arguments: list[str], sentence: str) -> None:
    """Invalid requests are refused with exit code 2, and nothing is measured."""
    before = readings(two)
    done = bisector("quantify", *arguments, folder=two)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert readings(two) == before


def test_a_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    """If the hunt file describes suites and no line matches, the table would be wrong."""
    ids = guests(tmp_path, old={"lua.sh": script(FAST)}, new={"x": "1"})
    wrong = r"suites: {pattern: '^(?P<suite>\w+) ok (?P<passed>\d+) of (?P<total>\d+)'}" + "\n"
    hunt(tmp_path, "lua", ids["old"], ids["new"], "exit_status", wrong)
    done = bisector("quantify", "--config", "lua", "-q", folder=tmp_path)
    assert done.returncode == 2
    assert "lua.yaml:7: suites: the test at good" in done.stderr


def test_the_sample_history_is_slower_everywhere(tmp_path: Path) -> None:
    """With real builds, a substrate-wide cause is uniform, and each endpoint is built only once."""
    made = demo.make(tmp_path / "sample", "jit-miss", commits=12, workload=5, phases=True)
    folder = made.repo.parent
    found = result("quantify", "--guests", "tcl,lua", folder=folder)
    assert found["verdict"] == "substrate-wide"
    assert "a substrate-wide cause" in found["answer"]
    assert all(row["good"]["passed"] == row["good"]["total"] > 60 for row in found["guests"])
    assert {*found["guests"][0]["good"]["suites"]} == {
        *["parse", "eval", "error", "namespace", "coro", "idiom"]
    }
    assert len(list((folder / "worktrees/store/entries").iterdir())) == 2
