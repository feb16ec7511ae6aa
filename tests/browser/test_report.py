"""The HTML report as a person's browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from bisector.report.safe_text import visible
from tests.report.factory import CASES, HOSTILE

PHONE, DESK = 380, 1100
Scheme = Literal["light", "dark"]
widths = pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
CHECKED = {"document-title", "html-has-lang", "region", "heading-order", "color-contrast", "svg-img-alt"}


@contextmanager
def opened(browser: Browser, file: Path, width: int = DESK, scheme: Scheme = "light") -> Iterator[Page]:
    """The page on a screen of that width; at the end it must have been quiet and off the network."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]


@pytest.mark.parametrize("case", CASES)
def test_it_fits_the_screen(browser: Browser, reports: dict[str, Path], case: str) -> None:
    """No page is wider than its screen, writes to the console or asks for anything but itself."""
    with opened(browser, reports[case]) as page:
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@widths
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", ["measured", "hostile"])
def test_it_is_accessible(
    browser: Browser, reports: dict[str, Path], case: str, width: int, scheme: Scheme
) -> None:
    """axe-core finds nothing wrong: language, title, landmarks, names of pictures, headings, contrast."""
    with opened(browser, reports[case], width, scheme) as page:
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert {rule["id"] for rule in results.response["passes"]} >= CHECKED


@widths
def test_each_screen_gets_its_own_drawing(browser: Browser, reports: dict[str, Path], width: int) -> None:
    """Of the two drawings of the readings just the one made for this width is seen."""
    with opened(browser, reports["measured"], width) as page:
        seen = {name: page.locator(f"svg.picture.{name}").first.is_visible() for name in ("wide", "narrow")}
        assert seen == {"wide": width == DESK, "narrow": width == PHONE}


def test_dark_is_dark_and_paper_is_white(browser: Browser, reports: dict[str, Path]) -> None:
    """The page follows the reader's scheme, but prints black on white."""
    ground = "getComputedStyle(document.body).backgroundColor"
    brightness = f"{ground}.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
    with opened(browser, reports["measured"], scheme="light") as page:
        assert page.evaluate(brightness) > 600
    with opened(browser, reports["measured"], scheme="dark") as page:
        assert page.evaluate(brightness) < 100
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_hostile_message_stays_text(browser: Browser, reports: dict[str, Path]) -> None:
    """Markup and controls in a commit message, a path or a reason are shown, and do nothing."""
    with opened(browser, reports["hostile"]) as page:
        assert page.locator("p.subject").inner_text() == visible(HOSTILE)
        assert page.locator("script, iframe, object, main b, [onerror], [onload]").count() == 0
        links = page.locator("a").evaluate_all("links => links.map(link => link.protocol)")
        assert set(links) == {"file:"}


def test_the_keyboard_gets_past_the_picture(browser: Browser, reports: dict[str, Path]) -> None:
    """The first Tab shows a link that leads to the readings."""
    with opened(browser, reports["measured"]) as page:
        page.keyboard.press("Tab")
        link = page.locator("a:focus")
        place = link.bounding_box()
        assert place and place["x"] >= 0
        link.press("Enter")
        assert page.evaluate("location.hash") == "#readings"
