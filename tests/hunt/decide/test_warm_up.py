"""Slow first runs are detected at the good endpoint and discarded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.warm_up import usable, warm_up
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan, Repeats
from bisector.predicate import Contention, Ending, Good, Measured, Run, Undecided
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from tests.hunt.fake_engine import plan_of

LINE = [[at - 1] if at else [] for at in range(8)]


def plan(runs: int | None = None, ratio: float | None = 1.2) -> Plan:
    """A measured hunt over eight commits."""
    return replace(plan_of(LINE, ratio=ratio), repeats=Repeats(warm_up=runs))


def looked(seconds: float, again: float | None, discarded: int = 0, waited: float = 0.0) -> Reading:
    """A reading of good, whose reference ran once more after `discarded` runs."""
    run = Run(seconds, 0.0, 0.0, ending=Ending.EXITED, contention=Contention(waited=waited))
    reference = replace(run, again=again, discarded=discarded)
    taken = replace(run, discarded=discarded)
    at = datetime.now(UTC)
    return Reading("good", Role.PREMISE, Measured(1.0, "w"), at, taken, reference, against="good")


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([], (0, True)),
        ([looked(1.0, 1.0)], (0, False)),
        ([looked(1.25, 1.0)], (0, False)),
        ([looked(3.0, 1.0)], (0, True)),
        ([looked(3.0, 1.0), looked(1.0, 1.0)], (0, False)),
        ([looked(3.0, 1.0)] * 2, (1, True)),
        ([looked(0.009, 0.003)], (0, False)),
        ([looked(3.0, 1.0, waited=0.65)], (0, False)),
        ([looked(90.0, None)], (0, False)),
        ([looked(3.0, 1.0)] * 2 + [looked(1.0, 1.0, 1)], (1, False)),
        ([looked(3.0, 2.0)] * 2 + [looked(2.0, 1.0, 1)] * 2, (2, True)),
        ([looked(9.0, 5.0)] * 2 + [looked(5.0, 3.0, 1)] * 2 + [looked(3.0, 1.0, 2)] * 2, (3, False)),
    ],
)
def test_as_many_are_discarded_as_are_slower(readings: list[Reading], expected: tuple[int, bool]) -> None:
    """Each run that is clearly slower than the next is discarded. The wait for a CPU does not count."""
    assert warm_up(plan(), Known(tuple(readings))) == expected


def test_what_the_hunt_file_says_counts() -> None:
    """A number in the hunt file is not checked, and a hunt with verdicts discards nothing."""
    readings = Known((looked(3.0, 1.0),))
    assert warm_up(plan(2), readings) == (2, False)
    assert warm_up(plan(None, ratio=None), readings) == (0, False)


def test_readings_of_cold_runs_do_not_count() -> None:
    """Readings taken before the number of discarded runs was known, or spoiled by load, are read again."""
    cold, fine = looked(3.0, 1.0), looked(1.0, 1.0, 1)
    busy = replace(fine, judgement=Undecided("load"))
    assert usable(plan(), Known((cold, cold, busy, fine))).readings == (fine,)
    assert len(usable(plan(), Known((looked(1.0, 1.0), fine))).readings) == 2


def test_the_request_says_what_to_discard() -> None:
    """Each request tells the engine how many runs to discard, whatever was read last."""
    decider, asked = Decider(plan()), Request("c3", Role.SEARCH, "good")
    first = decider.with_ends(Known(), asked)
    later = decider.with_ends(Known((looked(3.0, 1.0), looked(3.0, 1.0), looked(1.0, 1.0, 1))), asked)
    assert (first.warm_up, first.looks) == (0, True)
    assert (later.warm_up, later.looks) == (1, False)


def test_verdicts_are_untouched() -> None:
    """Without a reference, nothing is discarded."""
    reading = Reading("good", Role.PREMISE, Good("w"), datetime.now(UTC))
    assert usable(plan(ratio=None), Known((reading,))).readings == (reading,)
