"""The HTML page is correct, safe, self-contained and accessible."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from bisector.history.patch import CommitPatch, FilePatch
from bisector.report.html import html_report, write_html_report
from tests.report import factory
from tests.report.page import Page

PAGES = {name: html_report(case(), Path("/out")) for name, case in factory.CASES.items()}
CSS = resources.files("bisector.report").joinpath("templates/report.css").read_text()


@pytest.fixture(params=factory.CASES)
def page(request: pytest.FixtureRequest) -> Page:
    """The page of each case."""
    return Page(PAGES[request.param])


def test_page_is_well_formed(page: Page) -> None:
    """All tags nest and close, and ids are unique."""
    assert page.problems == []
    ids = Counter(e.attributes["id"] for e in page.elements if "id" in e.attributes)
    assert [i for i, n in ids.items() if n > 1] == []
    references = [r for e in page.elements for r in e.attributes.get("aria-labelledby", "").split()]
    anchors = [e.attributes["href"][1:] for e in page.all("a") if e.attributes["href"].startswith("#")]
    assert set(references + anchors) <= set(ids)


def test_page_needs_nothing_but_itself(page: Page) -> None:
    """No external file, no event handler, no inline style attribute, and no style that loads anything."""
    assert not page.all("iframe", "object", "embed", "img", "base", "form", "foreignobject", "use")
    attributes = {name for e in page.elements for name in e.attributes}
    assert not {a for a in attributes if a.startswith("on") or a in ("src", "srcset", "xlink:href", "style")}
    addresses = [e.attributes["href"] for e in page.elements if "href" in e.attributes]
    assert not [a for a in addresses if re.match(r"\w+:|//", a) and a != "data:,"]
    assert not re.search(r"url\(|@import|expression", "".join(e.text for e in page.all("style")))


def test_policy_allows_only_our_script_and_style(page: Page) -> None:
    """The page has one script and one style, each allowed by its hash, and nothing else."""
    (policy,) = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
    assert "unsafe" not in policy and policy.startswith("default-src 'none'; ")
    for kind in ("script", "style"):
        (element,) = page.all(kind)
        assert element.attributes == {}
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy.split("; ")


def test_hostile_text_stays_text() -> None:
    """Texts of the repository add no elements or attributes, and contain nothing invisible."""
    hostile, tame = Page(PAGES["hostile"]), Page(PAGES["verdict"])
    assert {e.tag for e in hostile.elements} <= {e.tag for e in tame.elements} | {"br", "rect"}
    assert "<script>alert(1)</script>" in hostile.all("h1", "p")[1].text
    assert PAGES["hostile"].replace("&lt;script", "").count("<script") == 1
    left = {unicodedata.category(c) for c in PAGES["hostile"].replace("\n", "")}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    (log,) = [e for e in hostile.all("a") if e.text == "log"]
    assert log.attributes["href"].endswith("/a/%3Cb%3E%26%22c%27.txt")


def test_page_can_be_walked(page: Page) -> None:
    """Landmarks, one h1 first, no skipped heading level, a name for each section, a language and a title."""
    assert [len(page.all(t)) for t in ("html", "header", "main", "footer", "h1", "title")][:5] == [1] * 5
    assert page.all("html")[0].attributes["lang"] == "en"
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all("aria-labelledby" in e.attributes for e in page.all("section"))


def test_pictures_and_tables_can_be_heard(page: Page) -> None:
    """Pictures have a title and a description or are hidden. Header cells have a scope."""
    for svg in page.all("svg"):
        if svg.attributes.get("aria-hidden") == "true":
            continue
        assert svg.attributes["role"] == ("group" if "points" in svg.attributes["class"].split() else "img")
        inside = [e.tag for e in page.elements if svg in e.parents and len(e.parents) == len(svg.parents) + 1]
        assert inside[:2] == ["title", "desc"]
    assert {e.attributes.get("scope") for e in page.all("th")} <= {"col", "row"}
    assert all(
        "caption" in {e.tag for e in page.elements if table in e.parents} for table in page.all("table")
    )


def test_answer_stands_on_top() -> None:
    """The first section has commit, author, date, subject, ratio, interval, confidence and confirmation."""
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
        ("none", "A regression below 1.05x cannot be excluded"),
        ("good_is_bad", "The good endpoint is bad"),
        ("bad_is_good", "The bad endpoint is good"),
        ("merge_base", "is bad already"),
        ("inconclusive", "The budget of 10 min is spent."),
        ("unfinished", "Not finished"),
    ],
)
def test_answer_of_each_conclusion(case: str, words: str) -> None:
    """The first section has what is special about each conclusion."""
    assert words in Page(PAGES[case]).all("section")[0].text


def test_table_has_each_reading_with_its_log() -> None:
    """Each reading has a row, with its reason and a relative link to its log."""
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


def test_commits_link_to_each_other() -> None:
    """A reading links to its commit in the list, which anyone can link to by its short id."""
    record, page = factory.measured(), Page(PAGES["measured"])
    assert {f"commit-{r.commit[:12]}" for r in record.readings} <= {
        e.attributes.get("id") for e in page.all("li")
    }
    (cell,) = [e for e in page.all("tr") if e.attributes.get("id") == "reading-7"]
    links = [e.attributes["href"] for e in page.all("a") if cell in e.parents]
    assert links[0] == f"#commit-{record.readings[6].commit[:12]}"


def test_commits_link_to_the_forge() -> None:
    """If the forge is known, each commit id is a link to its page, and nothing else links outwards."""
    record = replace(factory.measured(), commit_pages="https://github.com/o/r/commit/")
    page = Page(html_report(record))
    out = [e for e in page.all("a") if not e.attributes["href"].startswith("#")]
    assert record.candidates[26] in [e.text for e in out]
    for link in out:
        assert link.attributes["href"].removeprefix(record.commit_pages).startswith(link.text)
        assert {"noopener", "noreferrer"} <= set(link.attributes["rel"].split())


def test_command_machine_and_diffstat_are_shown() -> None:
    """The page has the command to run again, the facts of the machine, and the summary of the change."""
    change = CommitPatch(" a.ml | 2 +-\n 1 file <b>changed</b>")
    page = Page(html_report(factory.measured(), change=change))
    shown = [e.text for e in page.all("pre")]
    assert shown == [" a.ml | 2 +-\n 1 file <b>changed</b>", factory.measured().reproduce]
    assert "AMD EPYC 7B13" in page.all("section")[-1].text


def test_each_point_tells_its_reading() -> None:
    """Each point of the picture is a link to its reading, with commit, ratio, pair, load and log in words."""
    record, page = factory.measured(), Page(PAGES["measured"])
    points = [e for e in page.all("a") if e.attributes.get("class") == "mark"]
    assert len(points) == 2 * len(record.readings)
    third = points[2]
    assert third.attributes["href"] == "#reading-3"
    said = third.attributes["aria-label"]
    for part in (record.good[0].short, "0.99x", "pair 2 of 3", "load 1.3", f"log {record.good[0].short}.txt"):
        assert part in said and part in third.text


def test_change_is_folded_by_file() -> None:
    """Each file of the change has its lines, marked by kind, and what is left out is counted."""
    hunk = ("@@ -1,2 +1,2 @@ f <script>", " same", "-old", "+new\u202e")
    text = FilePatch("a.ml", hunk, added=1, removed=1, left_out=7)
    change = CommitPatch(" a.ml | 2 +-", (text, FilePatch("b.png", (), is_binary=True)), left_out=3)
    page = Page(html_report(factory.measured(), change=change))
    files = [e.text for e in page.all("details")]
    assert "a.ml" in files[0] and "+1" in files[0] and "7 more lines not shown" in files[0]
    assert "@@ -1,2 +1,2 @@ f <script>\n same\n-old\n+new⟨U+202E⟩" in files[0]
    assert "binary" in files[1]
    assert "3 more files not shown" in page.all("section")[0].text
    assert [e.attributes.get("class") for e in page.all("span") if "pre" in e.inside] == [
        "hunk",
        None,
        "removed",
        "added",
    ]


def test_written_page_is_the_page(tmp_path: Path) -> None:
    """The file contains the page as UTF-8."""
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
    """Every text colour has the contrast with its background that WCAG AA requires (4.5)."""
    for ground in ("page", "card", "band", "code", "plus", "minus"):
        for ink in ("ink", "soft", "good", "bad", "skip", "calm"):
            light, dark = sorted((luminance(scheme[ink]), luminance(scheme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
