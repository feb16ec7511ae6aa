"""The HTML page: right, harmless, self-contained, accessible."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from bisector.report.html import html_report, write_html_report
from tests.report import factory
from tests.report.page import Page

PAGES = {name: html_report(case(), Path("/out")) for name, case in factory.CASES.items()}
CSS = resources.files("bisector.report").joinpath("templates/report.css").read_text()


@pytest.fixture(params=factory.CASES)
def page(request: pytest.FixtureRequest) -> Page:
    """The page of each case in turn."""
    return Page(PAGES[request.param])


def test_page_is_well_formed(page: Page) -> None:
    """All tags nest and close, and no id stands twice."""
    assert page.problems == []
    ids = Counter(e.attributes["id"] for e in page.elements if "id" in e.attributes)
    assert [i for i, n in ids.items() if n > 1] == []
    references = [r for e in page.elements for r in e.attributes.get("aria-labelledby", "").split()]
    anchors = [e.attributes["href"][1:] for e in page.all("a") if e.attributes["href"].startswith("#")]
    assert set(references + anchors) <= set(ids)


def test_page_needs_nothing_but_itself(page: Page) -> None:
    """No script, no file from elsewhere, no event handler, no style that loads anything."""
    assert not page.all("script", "iframe", "object", "embed", "img", "base", "form", "foreignobject", "use")
    attributes = {name for e in page.elements for name in e.attributes}
    assert not {a for a in attributes if a.startswith("on") or a in ("src", "srcset", "xlink:href")}
    addresses = [e.attributes["href"] for e in page.elements if "href" in e.attributes]
    assert not [a for a in addresses if re.match(r"\w+:|//", a) and a != "data:,"]
    assert not re.search(r"url\(|@import|expression", "".join(e.text for e in page.all("style")))


def test_hostile_text_stays_text() -> None:
    """Texts of the repository add no element and no attribute, and hold nothing invisible."""
    hostile, tame = Page(PAGES["hostile"]), Page(PAGES["verdict"])
    assert {e.tag for e in hostile.elements} <= {e.tag for e in tame.elements} | {"br", "rect"}
    assert "<script>alert(1)</script>" in hostile.all("h1", "p")[1].text
    assert "<script" not in PAGES["hostile"].replace("&lt;script", "")
    left = {unicodedata.category(c) for c in PAGES["hostile"].replace("\n", "")}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    (log,) = [e for e in hostile.all("a") if e.text == "log"]
    assert log.attributes["href"].endswith("/a/%3Cb%3E%26%22c%27.txt")


def test_page_can_be_walked(page: Page) -> None:
    """Landmarks, one h1 first, no heading level left out, each section named, a language and a title."""
    assert [len(page.all(t)) for t in ("html", "header", "main", "footer", "h1", "title")][:5] == [1] * 5
    assert page.all("html")[0].attributes["lang"] == "en"
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all("aria-labelledby" in e.attributes for e in page.all("section"))


def test_pictures_and_tables_can_be_heard(page: Page) -> None:
    """Pictures have a title and a description or are hidden; header cells say what they head."""
    for svg in page.all("svg"):
        if svg.attributes.get("aria-hidden") == "true":
            continue
        assert svg.attributes["role"] == "img"
        inside = [e.tag for e in page.elements if svg in e.parents and len(e.parents) == len(svg.parents) + 1]
        assert inside[:2] == ["title", "desc"]
    assert {e.attributes.get("scope") for e in page.all("th")} <= {"col", "row"}
    assert all(
        "caption" in {e.tag for e in page.elements if table in e.parents} for table in page.all("table")
    )


def test_answer_stands_on_top() -> None:
    """The first section holds commit, author, date, subject, ratio, interval, confidence, confirmation."""
    record = factory.measured()
    answer = Page(PAGES["measured"]).all("section")[0].text
    info = record.commits[factory.commit_id(27)]
    for part in (
        info.id,
        info.subject,
        info.author,
        "6.22x",
        "5.89 to 6.57",
        "99.7%",
        "confirmed",
        "12 min 25 s",
    ):
        assert part in answer
    assert f"{info.date:%Y-%m-%d}" in answer


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("merge", "Both parents are good"),
        ("verdict", "not confirmed"),
        ("any_of", "First bad commit is one of 5"),
        ("none", "A regression below 1.05x could still hide"),
        ("good_is_bad", "The good endpoint is bad"),
        ("bad_is_good", "The bad endpoint is good"),
        ("merge_base", "is bad already"),
        ("inconclusive", "The budget of 10 min is spent."),
        ("unfinished", "Not finished"),
    ],
)
def test_answer_of_each_conclusion(case: str, words: str) -> None:
    """Each conclusion says what is special about it in the first section."""
    assert words in Page(PAGES[case]).all("section")[0].text


def test_table_has_each_reading_with_its_log() -> None:
    """A row for each reading, with reason and a link to its log relative to the page."""
    record = factory.measured()
    page = Page(html_report(record, Path.cwd() / "out"))
    rows = [e for e in page.all("tr") if "tbody" in e.inside]
    assert len(rows) == len(record.readings)
    for row, reading in zip(rows, record.readings, strict=True):
        assert reading.judgement.why in row.text
        assert reading.commit[:12] in row.text
    logs = [e.attributes["href"] for e in page.all("a") if e.text == "log"]
    assert logs[0] == f"../logs/{record.readings[0].commit[:12]}.txt"
    assert not [e for e in Page(html_report(record)).all("a") if e.text == "log"]


def test_command_machine_and_diffstat_are_shown() -> None:
    """The page holds the command to run again, the machine's facts and the change's summary as given."""
    page = Page(html_report(factory.measured(), diffstat=" a.ml | 2 +-\n 1 file <b>changed</b>"))
    shown = [e.text for e in page.all("pre")]
    assert shown == [" a.ml | 2 +-\n 1 file <b>changed</b>", factory.measured().reproduce]
    assert "AMD EPYC 7B13" in page.all("section")[-1].text


def test_written_page_is_the_page(tmp_path: Path) -> None:
    """The file holds the page as UTF-8."""
    write_html_report(factory.hostile(), tmp_path / "r.html")
    assert (tmp_path / "r.html").read_bytes().decode() == html_report(factory.hostile(), tmp_path)


def test_long_history_makes_no_long_page() -> None:
    """The page grows with the readings, not with the range."""
    assert len(PAGES["long"]) < 2 * len(PAGES["measured"])


def schemes() -> list[dict[str, str]]:
    """The colours of the light, dark and printed page."""
    found: list[dict[str, str]] = []
    for block in re.findall(r":root \{([^}]*)\}", CSS):
        named = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", block))
        if named:
            found.append(named)
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", schemes(), ids=["light", "dark", "print"])
def test_contrast(scheme: dict[str, str]) -> None:
    """Every text colour on every ground it stands on has the contrast that WCAG AA asks for (4.5)."""
    for ground in ("page", "card", "band", "code"):
        for ink in ("ink", "soft", "good", "bad", "skip", "calm"):
            light, dark = sorted((luminance(scheme[ink]), luminance(scheme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
