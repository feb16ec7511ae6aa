"""Verify: a fix must have the speed, the scoreboard and the watchdogs of good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bisector import demo
from tests.cli.running import bisector
from tests.git_history import git
from tests.phases.guests import guests, hunt, readings, result, script

FAST, SLOW = 3_000_000, 12_000_000


@pytest.fixture(scope="module")
def lua(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test suite that became slow, and several commits that claim to fix it, each on a branch."""
    folder, sourcing = tmp_path_factory.mktemp("lua"), f". ./limits.sh\n{script(FAST)}"
    ids = guests(
        folder,
        old={
            "lua.sh": sourcing,
            "limits.sh": "WATCHDOG=60\n",
            "board.json": '{"parse": {"passed": 2, "total": 2}}',
        },
        new={"lua.sh": script(SLOW, watchdog=600)},
        fixed={"lua.sh": script(FAST)},
        lax={"lua.sh": script(FAST, watchdog=600)},
        lost={"lua.sh": script(FAST, evaluated=2, failing="eval-coro")},
        broken={"lua.sh": "exit 3\n"},
        elsewhere={"lua.sh": sourcing, "limits.sh": "WATCHDOG=600\n"},
    )
    hunt(folder, "lua", ids["old"], ids["new"])
    for name, commit in ids.items():
        git(folder / "repo", "branch", name, commit)
    assert bisector("quantify", "--config", "lua", "-q", folder=folder).returncode == 0
    return folder


def verified(folder: Path, fix: str, expected: int, *more: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The result of verify for a fix, and its demands: name -> (holds, why)."""
    found = result("verify", "--config", "lua", "--fix", fix, *more, folder=folder, expected=expected)
    (guest,) = found["guests"]
    return found, {demand["name"]: (demand["holds"], demand["why"]) for demand in guest["demands"]}


def test_a_fix_that_brings_all_back_is_verified(lua: Path) -> None:
    """Speed, scoreboard and watchdog pass, with columns for before, regressed and fixed, and exit code 0."""
    found, demands = verified(lua, "fixed", 0)
    assert {name: holds for name, (holds, _) in demands.items()} == {
        "user time within 1.5x": True,
        "scoreboard": True,
        "watchdog restored": True,
    }
    (guest,) = found["guests"]
    before, regressed, fixed = (guest[key]["user_per_test"] for key in ("before", "regressed", "fixed"))
    assert regressed > 2 * before and fixed < 1.5 * before
    assert found["answer"].startswith("Verified: ")
    taken = readings(lua)
    assert verified(lua, "fixed", 0)[0]["guests"] == found["guests"]
    assert readings(lua) == taken


def test_what_is_still_slow_fails(lua: Path) -> None:
    """The regressed commit is not a fix: exit code 1. A limit that is high enough accepts its speed."""
    _, demands = verified(lua, "new", 1)
    assert demands["user time within 1.5x"][0] is False
    assert demands["watchdog restored"] == (False, "lua.sh: timeout 10m, at good 1m")
    _, demands = verified(lua, "new", 1, "--within", "40")
    assert demands["user time within 40x"][0] is True


def test_a_watchdog_that_stays_raised_fails(lua: Path) -> None:
    """A fix that leaves the raised deadline in the script is incomplete."""
    found, demands = verified(lua, "lax", 1)
    assert [name for name, (holds, _) in demands.items() if not holds] == ["watchdog restored"]
    assert "lua (watchdog restored)" in found["answer"]


def test_a_watchdog_raised_in_a_script_that_is_sourced_fails(lua: Path) -> None:
    """The deadline counts in every file that the test takes it from."""
    _, demands = verified(lua, "elsewhere", 1)
    assert demands["watchdog restored"] == (False, "limits.sh: WATCHDOG 10m, at good 1m")


def test_one_lost_test_fails_and_is_named(lua: Path) -> None:
    """If even one test is lost, the fix is wrong. The test is named if its name is printed."""
    _, demands = verified(lua, "lost", 1)
    holds, why = demands["scoreboard"]
    assert holds is False
    assert "the test eval-coro fails" in why and "eval: 2/3 pass, 3/3 before" in why


def test_a_fix_that_does_not_come_through_fails(lua: Path) -> None:
    """If good succeeds and the fix does not, there is nothing to compare, and the fix fails."""
    _, demands = verified(lua, "broken", 1, "--set", "predicate=exit_status")
    assert demands["user time within 1.5x"] == (False, "outcome at good: pass; at the fix: exit 3")
    assert demands["judged good"][0] is False


def test_what_verify_reads_is_no_part_of_the_hunt(lua: Path) -> None:
    """The journal keeps readings of fixes, and the hunt ignores them."""
    done = bisector("run", "--config", "lua", "--json", folder=lua)
    found = json.loads(done.stdout)
    assert (done.returncode, found["first_bad"]) == (0, git(lua / "repo", "rev-parse", "new").strip())
    shown = bisector("log", "--config", "lua", folder=lua).stdout
    assert git(lua / "repo", "rev-parse", "fixed").strip() not in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fix", "nowhere"], "has no commit 'nowhere'"),
        (["--fix", "fixed", "--set", "suites.baseline=none.json"], "has no file none.json"),
        (["--fix", "fixed", "--set", "suites.baseline=lua.sh"], "lua.sh has no suites"),
    ],
    ids=["no commit", "no baseline", "not a baseline"],
)
def test_a_mistake_is_one_sentence(lua: Path, arguments: list[str], sentence: str) -> None:
    """Invalid requests are refused with exit code 2 before anything is measured."""
    before = readings(lua)
    done = bisector("verify", "--config", "lua", "-q", *arguments, folder=lua)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert readings(lua) == before


def test_a_baseline_file_counts_instead_of_good(lua: Path) -> None:
    """The tests in the file must still pass."""
    _, demands = verified(lua, "lost", 1, "--set", "suites.baseline=board.json")
    assert "baseline 2/2" in demands["scoreboard"][1]


def test_the_fix_of_the_sample_history_is_verified(tmp_path: Path) -> None:
    """With real builds, the branch `fix` passes, and the regressed tip does not."""
    made = demo.make(tmp_path / "sample", "env-copy", commits=12, workload=5, phases=True)
    folder = made.repo.parent
    for fix, expected in (("fix", 0), ("architecture", 1)):
        done = bisector("verify", "--config", "tcl", "--fix", fix, "-q", folder=folder)
        assert done.returncode == expected, done.stdout + done.stderr


def test_what_the_phases_need_leaves_the_history_as_it_is(tmp_path: Path) -> None:
    """The branch `fix` starts at the tip of a history whose commits are the same without it."""
    tips = []
    for phases in (False, True):
        made = demo.make(tmp_path / str(phases), "merge", commits=30, phases=phases)
        tips.append(git(made.repo, "rev-parse", "HEAD").strip())
        assert git(made.repo, "status", "--porcelain") == ""
    assert tips[0] == tips[1] == git(made.repo, "rev-parse", "fix^").strip()
    changed = git(made.repo, "diff", "--name-only", "fix^", "fix").split()
    assert {Path(name).parts[0] for name in changed} == {"hosts", "lib"}
    assert "timeout 180" in git(made.repo, "show", "fix:lib/tcl/test.sh")
