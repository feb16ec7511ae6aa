"""What the readings printed last, in the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.conclusion import Inconclusive
from bisector.hunt.record import HuntRecord
from bisector.predicate import Untestable
from bisector.report.html import html_report
from bisector.report.last_output import MOST_TELLING, last_lines, obstacle, tails
from tests.report import factory
from tests.report.page import Page


def logged(record: HuntRecord, folder: Path, text: str = "") -> HuntRecord:
    """The record with a log for each reading, which names its number."""
    logs = [folder / f"{number}.log" for number in range(1, len(record.readings) + 1)]
    for number, log in enumerate(logs, 1):
        log.write_text(f"{text}output {number}\n")
    return replace(
        record, readings=[replace(r, log=log) for r, log in zip(record.readings, logs, strict=True)]
    )


def untestable() -> HuntRecord:
    """The hunt ended because the good endpoint could not be tested."""
    whole = factory.verdict()
    reading = replace(whole.readings[0], judgement=Untestable("the build fails (exit 1): no make"))
    end = Inconclusive("the good endpoint cannot be tested")
    return replace(whole, readings=[reading], conclusion=end, posterior={})


def good_is_bad() -> HuntRecord:
    """The hunt ended because the good endpoint fails as the bad one does."""
    whole = factory.good_is_bad()
    failed = replace(whole.readings[1], commit=whole.good[0].id)
    return replace(whole, readings=[failed, whole.readings[1]])


def test_every_reading_has_its_last_lines(tmp_path: Path) -> None:
    """In a hunt of usual length, each row has the end of its log, folded."""
    record = logged(factory.verdict(), tmp_path)
    rows = [e for e in Page(html_report(record, tmp_path)).all("tr") if "tbody" in e.inside]
    assert [f"output {n}" in row.text for n, row in enumerate(rows, 1)] == [True] * len(rows)
    assert len(Page(html_report(record)).all("details")) == len(rows)


def test_a_long_hunt_has_those_that_matter(tmp_path: Path) -> None:
    """With many readings, only untestable, bad and endpoint ones have their last lines, up to a number."""
    whole = factory.measured()
    record = logged(replace(whole, readings=[*whole.readings] * 8), tmp_path)
    found = tails(record)
    assert len(found) == MOST_TELLING
    assert all(n in found for n, r in enumerate(record.readings, 1) if r.commit == record.good[0].id)
    assert found[len(record.readings)] == [f"output {len(record.readings)}"]


def test_the_journal_has_the_output_when_the_log_is_gone() -> None:
    """`bisector clean` removes logs; the journal still has the end of the output."""
    record = factory.verdict()
    reading = record.readings[0]
    assert reading.run is not None
    kept = replace(reading, log=Path("/gone.log"), run=replace(reading.run, output="one\ntwo\nthree\n"))
    assert last_lines(record, kept, 2) == ["two", "three"]
    assert last_lines(record, replace(kept, run=None)) == []


def test_no_page_shows_what_the_hunt_passes_on(tmp_path: Path) -> None:
    """A token that a test prints stays out of the page, which people attach to issues."""
    record = replace(logged(good_is_bad(), tmp_path, "using hunter2-token\n"), secrets=("hunter2-token",))
    page = html_report(record, tmp_path)
    assert "hunter2" not in page
    assert "using ***" in page


def test_the_page_says_what_may_be_missing(tmp_path: Path) -> None:
    """With the line to add, or the command to run, as text that cannot become markup."""
    advice = (
        advice_to_set("<i>.env</i> is ignored by git", "overlay", [{"file": ".env", "to": ".env"}]),
        Advice("lib is not initialised", command="git submodule update --init lib"),
    )
    page = Page(html_report(replace(good_is_bad(), advice=advice), tmp_path))
    assert "What may be missing" in [e.text for e in page.all("h2")]
    assert [e.text for e in page.all("pre")][:2] == [
        "overlay: [{file: .env, to: .env}]",
        "git submodule update --init lib",
    ]
    assert any(e.text.startswith("<i>.env</i> is ignored") for e in page.all("p"))


@pytest.mark.parametrize("case", [good_is_bad, untestable])
def test_output_stands_where_nothing_can_be_drawn(tmp_path: Path, case: Callable[[], HuntRecord]) -> None:
    """If the search could not begin, the page shows what failed instead of an empty picture."""
    record = logged(case(), tmp_path, "<b>tool</b>\x1b[2J\u202e missing\n")
    page = Page(html_report(record, tmp_path))
    assert "What the good endpoint printed" in [e.text for e in page.all("h2")]
    assert "Every reading along the history" not in [e.text for e in page.all("h2")]
    assert "<b>tool</b>⟨U+202E⟩ missing\noutput 1" in page.all("pre")[0].text


def test_a_search_has_no_obstacle() -> None:
    """A hunt that searched, or whose endpoints were measured, is drawn."""
    for case in ("measured", "verdict", "inconclusive", "unfinished", "bad_is_good", "none"):
        assert obstacle(factory.CASES[case]()) is None
