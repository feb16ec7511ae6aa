"""Targets that only a part of the range has, and runners that refuse the names of absent ones."""

from __future__ import annotations

from pathlib import Path

from tests.cli.red_main import answers_of, hunt_file, hunted, noted, red_main
from tests.cli.running import bisector

REFUSING = (
    'for one in {targets}; do grep -q "\\"$one\\"" built.json || exit 4; done; python3 suite.py {targets}'
)
"""As pytest does: it runs nothing if the commit lacks one of the names."""


def test_a_target_born_within_the_range_is_hunted_from_its_birth(tmp_path: Path) -> None:
    """Its candidates begin there. The same command again only confirms, and the report has both parts."""
    ids = red_main(tmp_path, {"a1": 3, "young": 6}, born={"young": 2})
    hunt_file(tmp_path, ["a1", "young"])
    found = hunted(tmp_path)
    assert found["exit_code"] == 0
    assert answers_of(found) == {ids["c3"]: ["a1"], ids["c6"]: ["young"]}
    runs = noted(tmp_path, "run")
    assert answers_of(hunted(tmp_path)) == answers_of(found)
    assert len(noted(tmp_path, "run")) < 2 * len(runs)
    printed = bisector("report", "--config", "hunt.yaml", folder=tmp_path)
    assert "- young" in printed.stdout, printed.stderr


def test_one_that_fails_since_its_birth_has_no_cause(tmp_path: Path) -> None:
    """It is open, and says since which commit; nothing broke it."""
    ids = red_main(tmp_path, {"late": 0}, born={"late": 5})
    hunt_file(tmp_path, ["late"])
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    (reason,) = (one["reason"] for one in found["targets"])
    assert (
        f"'late' fails since {ids['c5'][:12]}, and every tested commit fails too or has no result" in reason
    )
    assert "from: bad" in reason


def test_a_removed_or_renamed_target_says_so(tmp_path: Path) -> None:
    """What good has under this name, bad does not."""
    red_main(tmp_path, {"a1": 3})
    renamed = 'grep -q "a1.: true" built.json || sed -i s/fine/finest/ built.json; python3 suite.py'
    hunt_file(tmp_path, ["fine"], command=renamed)
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    (reason,) = (one["reason"] for one in found["targets"])
    assert "'fine' passes at good and cannot be judged at bad" in reason
    assert "the nearest results are of 'finest'" in reason
    assert "if it was removed or renamed since, name an earlier commit that has it with --bad" in reason


def test_auto_takes_new_tests_that_fail(tmp_path: Path) -> None:
    """A red main has them too."""
    ids = red_main(tmp_path, {"a1": 3, "young": 6}, born={"young": 2})
    hunt_file(tmp_path, "auto")
    assert answers_of(hunted(tmp_path)) == {ids["c3"]: ["a1"], ids["c6"]: ["young"]}


def test_a_runner_that_refuses_an_absent_name_loses_no_other_target(tmp_path: Path) -> None:
    """Where it runs nothing, the whole test runs instead."""
    ids = red_main(tmp_path, {"a1": 3, "young": 6}, born={"young": 5})
    hunt_file(tmp_path, ["a1", "young", "mistyped"], command=REFUSING)
    found = hunted(tmp_path)
    assert found["open"] == ["mistyped"]
    assert answers_of(found) == {ids["c3"]: ["a1"], ids["c6"]: ["young"], None: ["mistyped"]}


def test_a_runner_that_knows_no_name_runs_the_whole_test(tmp_path: Path) -> None:
    """It is said once, and no target is lost."""
    ids = red_main(tmp_path, {"a1": 3, "b1": 6})
    hunt_file(tmp_path, ["a1", "b1"], command='set -- {targets}; python3 suite.py ${1:+"no $1"}')
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the whole test runs") == 1
    assert f"since {ids['c3'][:12]} (c3): a1" in done.stdout
