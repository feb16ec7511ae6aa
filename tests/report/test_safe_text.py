"""Text from a repository is made harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bisector.report.safe_text import markdown, visible, visible_lines
from tests.report.factory import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünïcode 👩‍💻", "plain – ünïcode 👩‍💻"),
        ("a\n b\t c\u2028d", "a b c d"),
        ("\x1b[31m\x00\x7f", "␛[31m␀␡"),
        ("a\u202eb\u200bc\udc80", "a⟨U+202E⟩b⟨U+200B⟩c⟨U+DC80⟩"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    """Control and format characters are made visible."""
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_nothing_invisible_is_left(text: str) -> None:
    """No character that controls, hides or reorders text is left, and the text can be encoded."""
    for shown in (visible(text), visible_lines(text).replace("\n", "")):
        left = {unicodedata.category(c) for c in shown if c not in "\u200c\u200d"}
        assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        shown.encode()


@given(st.text(st.sampled_from("ab1 \\`*_[]()<>#+-.!|~&;@:=\n{}$x") | st.characters()))
@example("__0__")
def test_markdown_is_only_words(text: str) -> None:
    """Escaped text parses to exactly its own words in a paragraph, a heading and a table cell."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    escaped = markdown(text)
    words = visible(text).strip()
    for frame in ("{}", "### {}", "| a |\n| --- |\n| {} |", "- {}"):
        tokens = parser.parse(frame.format(escaped or "x"))
        inline = [t for t in tokens if t.type == "inline"][-1]
        children = [c for c in inline.children or () if c.content != "<!-- -->"]
        assert {c.type for c in children} <= {"text", "text_special"}
        assert "".join(c.content for c in children) == (words or "x")


def test_hostile_markdown_keeps_its_table_row() -> None:
    """A hostile subject stays inside one table cell and mentions nobody."""
    escaped = markdown(HOSTILE)
    assert "\n" not in escaped
    assert "@me" not in escaped
    rendered = MarkdownIt("commonmark").enable("table").render(f"| a |\n|---|\n| {escaped} |")
    assert rendered.count("<td>") == 1
    assert "<script" not in rendered
