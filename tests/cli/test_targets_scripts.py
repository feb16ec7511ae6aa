"""`scripts` in a hunt file: the test script of each guest is a target, and all share the builds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.guests import GUESTS, guests_file, guests_history
from tests.cli.red_main import answers_of, hunted, noted
from tests.cli.running import bisector

SINCE_9 = "test $(cat built) -lt 9"


def test_five_guests_with_one_culprit_cost_one_hunt(tmp_path: Path) -> None:
    """At most 1.3 times the probes and builds of the hunt of one guest; each script ran at each commit."""
    ids = guests_history(tmp_path, dict.fromkeys(GUESTS, SINCE_9), length=33)
    guests_file(tmp_path, GUESTS, good="main~32")
    five = hunted(tmp_path)
    assert five["exit_code"] == 0
    assert answers_of(five) == {ids["c9"]: sorted(GUESTS)}
    assert len(noted(tmp_path, "build")) == five["builds"]
    one = hunted(tmp_path, "--set", "targets=[tcl]", "--set", "scratch=other")
    assert answers_of(one) == {ids["c9"]: ["tcl"]}
    assert five["probes"] <= 1.3 * one["probes"]
    assert five["builds"] <= 1.3 * one["builds"]


def test_each_guest_has_its_own_commit_and_one_may_have_none(tmp_path: Path) -> None:
    """A commit that does not build is built once for all; `status` lists a hunt for each guest."""
    bodies = {"lua": "test $(cat built) -lt 3", "tcl": "test $(cat built) -lt 6", "prolog": "true"}
    ids = guests_history(tmp_path, bodies, length=9, unbuildable=4)
    guests_file(tmp_path, tuple(bodies), good="main~8")
    found = hunted(tmp_path)
    assert found["exit_code"] == 0
    assert answers_of(found) == {ids["c3"]: ["lua"], ids["c6"]: ["tcl"], None: ["prolog"]}
    assert "1 script since" in found["reason"]
    assert all(names == [guest] for _, *names in noted(tmp_path, "run") for guest in names)
    tried = [commit for (commit,) in noted(tmp_path, "build")].count(ids["c4"])
    assert tried <= 2, "from where the slot stood, and once more from clean"
    rows = json.loads(bisector("status", "--json", folder=tmp_path).stdout)["hunts"]
    names = {one["hunt"] for one in rows}
    assert names == {"hunt-lua", "hunt-tcl", "hunt-prolog"}
    for command in (("explain",), ("check",), ("log",)):
        done = bisector(*command, "--config", "hunt.yaml", "--set", "targets=[tcl]", folder=tmp_path)
        assert done.returncode == 0, done.stderr


def test_each_guest_has_its_own_ratio(tmp_path: Path) -> None:
    """A figure is compared with the reference's run of the same script."""
    slower = "test $(cat built) -lt {at} && echo work: 100 || echo work: {then}"
    bodies = {"lua": slower.format(at=3, then=150), "tcl": slower.format(at=3, then=300)}
    ids = guests_history(tmp_path, bodies, length=9)
    predicate = {"name": "counter", "pattern": r"work: (?P<value>\d+)"}
    guests_file(tmp_path, tuple(bodies), good="main~8", predicate=predicate)
    found = hunted(tmp_path)
    assert found["exit_code"] == 0
    assert answers_of(found) == {ids["c3"]: ["lua", "tcl"]}
    ratios = {one["target"]: round(one["ratio"], 3) for one in found["targets"]}
    assert ratios == {"lua": 1.5, "tcl": 3.0}
    report = bisector("report", "--config", "hunt.yaml", folder=tmp_path).stdout
    assert "- lua (1.50x)\n- tcl (3.00x)" in report


def test_a_script_that_is_not_there_is_open_and_says_so(tmp_path: Path) -> None:
    """The other scripts get their answers."""
    ids = guests_history(tmp_path, {"tcl": SINCE_9}, length=12)
    guests_file(tmp_path, ("tcl", "forth"), good="main~11")
    found = hunted(tmp_path)
    assert found["exit_code"] == 5
    assert found["open"] == ["forth"]
    assert answers_of(found)[ids["c9"]] == ["tcl"]
    (reason,) = (one["reason"] for one in found["targets"] if one["target"] == "forth")
    assert "'forth' cannot be judged at either end" in reason
    assert "check its command in `scripts`" in reason


def test_the_same_command_again_only_confirms(tmp_path: Path) -> None:
    """Confirmed answers are remembered, for each script, and tested again."""
    guests_history(tmp_path, dict.fromkeys(("lua", "tcl"), SINCE_9), length=12)
    guests_file(tmp_path, ("lua", "tcl"), good="main~11")
    first, runs = hunted(tmp_path), noted(tmp_path, "run")
    again = hunted(tmp_path)["answers"]
    assert [one["first_bad"] for one in again] == [one["first_bad"] for one in first["answers"]]
    assert len(runs) < len(noted(tmp_path, "run")) < 2 * len(runs)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"test": {"command": "true"}}, "each script has its own command; remove 'test.command'"),
        ({"targets": ["perl"]}, "'perl' is none of the scripts, which are lua, tcl"),
        ({"scripts": {"lua": 3}}, "expected a command"),
        ({"find": "all"}, "several targets are hunted for regressions"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(
    tmp_path: Path, more: dict[str, object], sentence: str
) -> None:
    """Before anything is built."""
    guests_history(tmp_path, dict.fromkeys(("lua", "tcl"), SINCE_9), length=3)
    guests_file(tmp_path, ("lua", "tcl"), **{"good": "main~2", **more})
    done = bisector("run", "--config", "hunt.yaml", folder=tmp_path)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert noted(tmp_path, "build") == []


def test_one_script_may_be_overridden(tmp_path: Path) -> None:
    """`--set` changes one command of a hunt file; the others stay."""
    ids = guests_history(tmp_path, dict.fromkeys(("lua", "tcl"), SINCE_9), length=12)
    guests_file(tmp_path, ("lua", "tcl"), good="main~11")
    changed = hunted(tmp_path, "--set", "scripts.lua=test $(cat built) -lt 4")
    assert answers_of(changed) == {ids["c4"]: ["lua"], ids["c9"]: ["tcl"]}
