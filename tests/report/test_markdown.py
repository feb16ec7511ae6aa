"""The Markdown reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from bisector.report.markdown import chat_report, fenced, issue_report
from tests.report import factory


@pytest.mark.parametrize("case", factory.CASES)
def test_issue_report_keeps_its_shape(case: str) -> None:
    """With any texts, the report has one heading, two tables, a row for each reading, and no other HTML."""
    record = factory.CASES[case]()
    tokens = MarkdownIt("commonmark").enable("table").parse(issue_report(record))
    types = [t.type for t in tokens]
    assert types.count("heading_open") == 1
    assert types.count("table_open") == 2
    html = [
        c.content for t in tokens for c in [t, *(t.children or ())] if c.type in ("html_block", "html_inline")
    ]
    assert {h.strip() for h in html} - {"<!-- -->"} == {
        f"<details><summary>{len(record.readings)} readings</summary>",
        "</details>",
    }
    second = [i for i, t in enumerate(types) if t == "table_open"][1]
    assert types[second:].count("tr_open") == len(record.readings) + 1


@pytest.mark.parametrize("case", factory.CASES)
def test_chat_report_is_one_paragraph(case: str) -> None:
    """The short report is one line that parses to one paragraph."""
    text = chat_report(factory.CASES[case](), Path("out/report.html"))
    assert "\n" not in text
    types = [t.type for t in MarkdownIt("commonmark").enable("table").parse(text)]
    assert types == ["paragraph_open", "inline", "paragraph_close"]
    assert text.endswith("Report: out/report.html")


def test_chat_report_answers() -> None:
    """The short report names commit, ratio and confidence."""
    text = chat_report(factory.measured())
    for part in ("first bad commit bc33ea4e26e5", "6.22x [5.89, 6.57]", "99.7%, confirmed", "7 of 41"):
        assert part in text


def test_fence_is_longer_than_any_in_the_command() -> None:
    """A command with backticks cannot close its own block."""
    block = fenced("echo '```'\necho '````'")
    (token,) = MarkdownIt("commonmark").parse(block)
    assert token.content == "echo '```'\necho '````'\n"
