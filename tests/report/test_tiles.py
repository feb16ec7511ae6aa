"""The figures on top of the page are those of the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bisector.cli.conclusion import show
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord
from bisector.report.tiles import Tile, tiles
from tests.report import factory


def terminal(record: HuntRecord) -> str:
    """What the terminal prints about a hunt."""
    printed = io.StringIO()
    show(Console(file=printed, width=200), record, None, None)
    return printed.getvalue()


def tile(record: HuntRecord, name: str) -> Tile:
    """The tile with this name."""
    (found,) = [one for one in tiles(record) if one.name == name]
    return found


@pytest.mark.parametrize("case", sorted(set(factory.CASES) - {"unfinished"}))
def test_the_terminal_says_the_same(case: str) -> None:
    """Each figure of the page is on the terminal, and every fact of the terminal has its tile."""
    record = factory.CASES[case]()
    shown, found = terminal(record), tiles(record)
    assert [one for one in found if one.figure.removeprefix("≥ ") not in shown] == []
    names = {"ratio": "Bad over good", "confidence": "Confidence", "probes": "Probes", "time": "Time"}
    told = {line.strip("│ ").split(" ")[0] for line in shown.splitlines()}
    assert {names[word] for word in names.keys() & told} == {one.name for one in found}


def test_verdicts_that_nobody_doubted_have_no_probability() -> None:
    """If the search took every verdict as right, a figure such as 100.0% would say too much."""
    record = factory.verdict()
    assert isinstance(record.conclusion, FirstBad)
    exact = replace(record, conclusion=replace(record.conclusion, exact=True, confirmed=True))
    assert tile(exact, "Confidence") == Tile("Confidence", "certain", "if the test never errs, confirmed")
    assert "certain if the test never errs, confirmed" in terminal(exact)
    assert tile(factory.measured(), "Confidence") == Tile("Confidence", "99.7%", "confirmed")


def test_untestable_commits_are_among_the_probes() -> None:
    """The number of commits that could not be tested is beside that of probes, if there were any."""
    record = factory.measured()
    assert tile(record, "Probes") == Tile("Probes", "7", "of 41 candidates; 1 of them untestable")
    assert "7, 1 of them untestable" in terminal(record)
    assert tile(factory.verdict(), "Probes").beside == "of 41 candidates"
