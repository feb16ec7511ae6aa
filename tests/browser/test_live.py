"""The page of a running hunt in a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from bisector.report.live import REFRESH, Live, Running
from bisector.report.live_report import LiveReport
from tests.report import factory


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """The page of a hunt that tests a commit."""
    log = tmp_path / "search.log"
    log.write_text("a line of output\n" * 30 + "x" * 300)
    step = Running(factory.commit_id(20), "testing", factory.START, log=log)
    shown = Live(factory.START + timedelta(seconds=12), (step,), "12 candidates left, about 4 more probes.")
    file = tmp_path / "live.html"
    file.write_text(LiveReport(factory.unfinished(), tmp_path).page(shown))
    return file


def opened(browser: Browser, file: Path, width: int = 1100) -> Page:
    """The page on a screen of this width, with a clock that the test can advance."""
    page = browser.new_context(viewport={"width": width, "height": 800}, offline=True).new_page()
    page.clock.install()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("width", [380, 1100])
def test_it_fits_and_is_accessible(browser: Browser, live: Path, width: int) -> None:
    """It is no wider than the screen, and axe-core finds no problems."""
    page = opened(browser, live, width)
    page.get_by_label("Filter commits").fill("e")  # It must not load again in the middle of this.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert "a line of output" in page.locator(".live pre").inner_text()
    page.context.close()


def test_it_loads_again_unless_it_is_in_use(browser: Browser, live: Path) -> None:
    """The browser gets the new version of the file, but not while the reader filters or unfolds something."""
    page = opened(browser, live)
    live.write_text(live.read_text().replace("12 candidates left", "6 candidates left"))
    page.get_by_label("Filter readings").fill("bad")
    page.clock.fast_forward(2000 * REFRESH)
    assert "12 candidates left" in page.locator(".live").inner_text()
    page.get_by_label("Filter readings").fill("")
    page.clock.fast_forward(2000 * REFRESH)
    page.get_by_text("6 candidates left").wait_for()
    page.context.close()
