"""The page of a running hunt."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bisector.hunt.events import Outlook
from bisector.report.belief_picture import belief_picture
from bisector.report.html import html_report
from bisector.report.live import Live, Running, log_of, outlook_text, seen_in
from bisector.report.live_report import LiveReport, first_page
from tests.report import factory
from tests.report.page import Page

NOW = datetime(2026, 5, 8, 9, 30, tzinfo=UTC)


def running(log: Path | None = None, detail: str = "") -> Running:
    """A test under way for 12 seconds."""
    return Running(factory.commit_id(20), "testing", NOW - timedelta(seconds=12), detail, log)


def live_page(folder: Path, live: Live) -> str:
    """The page of an unfinished hunt with this live part."""
    return LiveReport(factory.unfinished(), folder).page(live)


def test_the_page_shows_what_runs_now(tmp_path: Path) -> None:
    """Step, commit, time, the last lines of the log and what is left of the search are there, sanitised."""
    log = tmp_path / "a.log"
    log.write_text("first\n<b>second</b>\u202e\n")
    page = Page(live_page(tmp_path, Live(NOW, (running(log),), "12 candidates left.")))
    assert page.problems == []
    (now,) = [e for e in page.all("section") if "data-refresh" in e.attributes]
    for part in ("testing", factory.commit_id(20)[:12], "for 12 s", "12 candidates left."):
        assert part in now.text
    assert "first\n<b>second</b>⟨U+202E⟩" in now.text
    assert page.all("h1")[0].text == "The hunt is running"


def test_only_a_running_hunt_loads_itself_again(tmp_path: Path) -> None:
    """The page of a running hunt has a refresh with and without JavaScript; every last version has none."""
    page = Page(live_page(tmp_path, Live(NOW)))
    (refresh,) = [e for e in page.all("meta") if e.attributes.get("http-equiv") == "refresh"]
    assert refresh.inside[-1] == "noscript"
    assert refresh.attributes["content"] == "5"
    for case in ("unfinished", "measured"):
        last = Page(html_report(factory.CASES[case](), tmp_path))
        assert not [e for e in last.elements if "data-refresh" in e.attributes]
        assert not [e for e in last.all("meta") if e.attributes.get("http-equiv") == "refresh"]
    begins = Page(first_page("tcl"))
    assert begins.problems == []
    assert "refresh" in [e.attributes.get("http-equiv") for e in begins.all("meta")]


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Neither a log nor a detail can end the live part, or put anything in its place."""
    log = tmp_path / "a.log"
    log.write_text(f"{factory.HOSTILE}\n</pre></section><script>x</script>", errors="surrogatepass")
    live = Live(NOW, (running(log, factory.HOSTILE),), factory.HOSTILE)
    page = LiveReport(factory.hostile(), tmp_path).page(live)
    assert Page(page).problems == []
    assert len(Page(page).all("script")) == 1


def test_belief_is_drawn_for_every_candidate() -> None:
    """Bars rise with the probability, lie inside, and in a long range stand for neighbours together."""
    record = factory.any_of()
    picture = belief_picture(record, 1000)
    assert picture is not None
    assert len(picture.bars) == len(record.posterior)
    assert picture.description == "Nearly all of it is left to 5 of 41 candidates."
    long = factory.measured(3000, 1777)
    picture = belief_picture(replace(long, posterior=dict.fromkeys(long.candidates, 1 / 3000)), 360)
    assert picture is not None
    assert all(picture.left <= bar.x and bar.x + bar.width <= picture.right + 1 for bar in picture.bars)
    assert len(picture.bars) < 100
    assert belief_picture(replace(record, posterior={}), 1000) is None


def test_what_is_left_is_said_in_words() -> None:
    """Candidates, probes and time; and nothing before the search."""
    assert outlook_text(None) == ""
    assert outlook_text(Outlook(12, 3.6, 200.0, {})) == (
        "12 candidates left, about 4 more probes, 3 min 20 s."
    )
    assert "confirmation next" in outlook_text(Outlook(1, 0.2, 9.0, {}))


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("build", "building"),
        ("search-3", "testing"),
        ("search-3-reference", "testing the reference"),
        ("premise-1-warm-up-2", "warming up"),
    ],
)
def test_steps_of_another_process_are_seen_in_its_logs(tmp_path: Path, name: str, step: str) -> None:
    """The newest log since the last reading names the commit and the step; other files do not."""
    commit = factory.commit_id(3)
    for file, age in ((f"{'0' * 12}-search-2.log", 60), (f"{commit[:12]}-{name}.log", 1), ("notes.log", 0)):
        (tmp_path / file).touch()
        os.utime(tmp_path / file, ((NOW.timestamp() - age,) * 2))
    (found,) = seen_in(tmp_path, NOW - timedelta(seconds=10))
    assert (found.commit, found.step) == (commit[:12], step)
    assert log_of(tmp_path, commit, NOW - timedelta(seconds=10)) == found.log
    assert seen_in(tmp_path, NOW) == seen_in(tmp_path / "missing", NOW) == []
    assert log_of(tmp_path, commit, NOW) is None
