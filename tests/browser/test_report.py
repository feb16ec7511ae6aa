"""The HTML report in a real browser."""

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
    """The page on a screen of this width. At the end, it must have printed nothing and used no network."""
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
    """No page is wider than its screen, writes to the console or requests anything but itself."""
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
    """axe-core finds no problems: language, title, landmarks, names of pictures, headings, contrast."""
    with opened(browser, reports[case], width, scheme) as page:
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        # All pictures of the hostile page are groups of links.
        checked = CHECKED - ({"svg-img-alt"} if case == "hostile" else set())
        assert {rule["id"] for rule in results.response["passes"]} >= checked


@widths
def test_each_screen_gets_its_own_drawing(browser: Browser, reports: dict[str, Path], width: int) -> None:
    """Of the two drawings of the readings, only the one for this width is visible."""
    with opened(browser, reports["measured"], width) as page:
        seen = {name: page.locator(f"svg.picture.{name}").first.is_visible() for name in ("wide", "narrow")}
        assert seen == {"wide": width == DESK, "narrow": width == PHONE}


def test_dark_is_dark_and_paper_is_white(browser: Browser, reports: dict[str, Path]) -> None:
    """The page follows the reader's colour scheme, but prints black on white."""
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
    """Markup and control characters in a commit message, a path or a reason are shown as text."""
    with opened(browser, reports["hostile"]) as page:
        assert page.locator("p.subject").inner_text() == visible(HOSTILE)
        assert page.locator("main script, iframe, object, main b, [onerror], [onload]").count() == 0
        links = page.locator("a").evaluate_all(
            "links => links.map(link => new URL(link.getAttribute('href'), location).protocol)"
        )
        assert set(links) == {"file:"}


@widths
def test_a_point_says_what_it_is(browser: Browser, reports: dict[str, Path], width: int) -> None:
    """A point tells its reading under the pointer and with the keyboard, and leads to its row."""
    with opened(browser, reports["measured"], width) as page:
        name = "wide" if width == DESK else "narrow"
        picture = page.locator(f"svg.points.{name}")
        hint, point = picture.locator(".hint"), picture.locator(".mark").nth(4)
        tip = point.locator(".tip")
        assert hint.is_visible() and not tip.is_visible()
        point.locator(".hit").hover()
        assert tip.is_visible() and not hint.is_visible()
        assert tip.evaluate("tip => tip.getBBox().width") <= page.evaluate("innerWidth")
        page.mouse.move(0, 0)
        assert not tip.is_visible()
        point.focus()
        assert tip.is_visible()
        assert "5. " in (tip.text_content() or "")
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#reading-5"


def test_ids_and_command_can_be_copied(browser: Browser, reports: dict[str, Path]) -> None:
    """A button copies exactly the text beside it."""
    with opened(browser, reports["measured"]) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        for what in ("the commit id", "the command"):
            page.get_by_role("button", name=f"Copy {what}").click()
            copied = page.evaluate("navigator.clipboard.readText()")
            assert copied == page.locator(f"[data-copy='{what}']").inner_text()


def test_readings_can_be_sorted_and_filtered(browser: Browser, reports: dict[str, Path]) -> None:
    """A click on a heading sorts by it, a second one the other way; the filter leaves rows with all words."""
    with opened(browser, reports["measured"]) as page:
        values = page.locator("table.readings tbody td:nth-child(4)")
        page.get_by_role("button", name="Value").click()
        shown = [float(text.rstrip("x")) for text in values.all_inner_texts() if text]
        assert shown == sorted(shown)
        page.get_by_role("button", name="Value").click()
        assert [float(text.rstrip("x")) for text in values.all_inner_texts() if text] == shown[::-1]
        page.get_by_role("button", name="#").click()
        numbers = page.locator("table.readings tbody td:first-child").all_inner_texts()
        assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
        page.get_by_label("Filter readings").fill("UNTESTABLE build")
        rows = page.locator("table.readings tbody tr:visible").all_inner_texts()
        assert 0 < len(rows) < len(numbers) and all("untestable" in row for row in rows)
        page.get_by_label("Filter commits").fill("bad endpoint")
        assert page.locator(".graph li:visible").count() == 1


def test_without_a_script_everything_is_there(browser: Browser, reports: dict[str, Path]) -> None:
    """Without JavaScript there are no dead buttons, and all texts can be read."""
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(reports["measured"].as_uri())
    assert page.locator("button, input").count() == 0
    assert page.locator("table.readings tbody tr").count() == len(CASES["measured"]().readings)
    context.close()


def test_the_keyboard_gets_past_the_picture(browser: Browser, reports: dict[str, Path]) -> None:
    """The first Tab shows a link to the readings."""
    with opened(browser, reports["measured"]) as page:
        page.keyboard.press("Tab")
        link = page.locator("a:focus")
        place = link.bounding_box()
        assert place and place["x"] >= 0
        link.press("Enter")
        assert page.evaluate("location.hash") == "#readings"
