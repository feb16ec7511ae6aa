"""Parts of `check --signals`: printed counters, the estimate, and the edit of the hunt file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bisector.errors import HuntFileError
from bisector.hunt.plan import Plan
from bisector.phases.hunt_file_text import comments_in, data_of, with_value, write_value
from bisector.phases.signals.counters import LINE, names_in, pattern_of, with_counter
from bisector.phases.signals.estimate import outlook
from bisector.predicate import Match, Run
from tests.hunt.fake_engine import plan_of

WANTED = {"name": "counter", "pattern": r"(?<!\S)it's\s*[=:]\s*([\d.,_]+)", "ratio": 1.063}


def printed(*lines: str) -> Run:
    """A run that printed these lines."""
    found = tuple(Match(0.0, line) for line in lines if re.search(LINE, line))
    return Run(1.0, 1.0, 0.0, matches={LINE: found})


def test_counters_are_numbers_with_a_name() -> None:
    """Dates, times of day, versions and numbers with a unit are none; several may share a line."""
    one = printed(
        "steps: 1_234", "a=1 b-2 = 2.5", "at: 12:30:01", "on: 2026-11-29", "v: 1.2.3", "t: 5ms", "x: y"
    )
    assert names_in([one]) == ["steps", "a", "b-2"]


def test_a_counter_must_be_in_every_run() -> None:
    """One that a run did not print cannot be hunted by."""
    assert names_in([printed("a=1", "b=2"), printed("b=3")]) == ["b"]
    assert names_in([]) == []


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_./-]{0,8}", fullmatch=True), st.integers(0, 10**9))
@example("a.b-c/d", 0)
def test_the_pattern_of_a_counter_finds_it(name: str, value: int) -> None:
    """Whatever its name, and not the counter that ends alike."""
    run = with_counter(printed(f"x{name}: 7", f"{name}: {value}"), pattern_of(name))
    assert [match.groups for match in run.matches[pattern_of(name)]] == [(str(value),)]


def plan() -> Plan:
    """Sixty candidates in a row."""
    return plan_of([[at - 1] if at else [] for at in range(60)])


def test_a_count_without_a_spread_needs_few_readings() -> None:
    """Little more than halving, and far fewer than a noisy time."""
    exact = outlook(plan(), [1.0] * 4, [1.1] * 5)
    noisy = outlook(plan(), [0.97, 1.04, 1.0, 0.98], [1.12, 1.05, 1.09, 1.14, 1.1])
    assert exact.found and noisy.found
    assert exact.readings < 9 < noisy.readings
    assert exact.separation > 100 > noisy.separation
    assert exact.ratio == pytest.approx(1.049)


@pytest.mark.parametrize("of_bad", [[1.0] * 5, [0.8] * 5, [0.9, 1.3, 0.95, 1.2, 1.0]])
def test_no_step_is_not_found(of_bad: list[float]) -> None:
    """The same, faster, or lost in the spread."""
    assert not outlook(plan(), [1.0, 1.1, 0.9, 1.0], of_bad).found


@pytest.mark.parametrize(
    "text",
    [
        "good: a\npredicate: exit_status\n# end\n",
        "good: a\npredicate: {name: wall_time, ratio: 1.2}  # why\ntest: b\n",
        "predicate:\n  name: any_of\n  of:\n    - {name: no_oom}\n\n# next\ntest: b\n",
        "good: a\n",
        "good: a",
        "good: a\r\npredicate: wall_time\r\ntest: b\r\n",
    ],
)
def test_only_the_predicate_changes(text: str) -> None:
    """Every other line stays, comments and line ends included."""
    new = with_value(text, "predicate", WANTED, "hunt.yaml")
    assert data_of(new) == {**data_of(text), "predicate": WANTED}
    assert comments_in(new) == comments_in(text)
    assert new.count("\r\n") == (new.count("\n") if "\r\n" in text else 0)
    assert with_value(new, "predicate", WANTED, "hunt.yaml") == new


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("predicate:\n  # important\n  name: wall_time\n", "a comment would be lost"),
        ("diagnose: &d {name: wall_time}\npredicate: *d\n", "its predicate is an alias of another part"),
        ("{good: a}\n", "it is written in braces"),
        ("- a\n", "it is no mapping"),
    ],
)
def test_a_file_that_cannot_be_changed_alone_stays(text: str, why: str) -> None:
    """The message has what to write by hand."""
    with pytest.raises(
        HuntFileError, match=f"nothing is written, because {why}; write in by hand predicate: "
    ):
        with_value(text, "predicate", WANTED, "hunt.yaml")


def test_an_invalid_hunt_is_not_written(tmp_path: Path) -> None:
    """A file that is wrong elsewhere stays as it is."""
    file = tmp_path / "hunt.yaml"
    file.write_text("good: a\ntest: {command: b}\n")
    assert write_value(file, "predicate", WANTED)
    assert not write_value(file, "predicate", WANTED)
    file.write_text("good: a\nno_such_key: b\n")
    with pytest.raises(HuntFileError, match="the hunt would no longer be valid"):
        write_value(file, "predicate", WANTED)
    assert file.read_text() == "good: a\nno_such_key: b\n"
