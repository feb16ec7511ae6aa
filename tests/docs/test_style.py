"""The documentation is plain modern English. proselint (`make lint`) checks English; this checks habits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.docs.pages import PAGES, name_of

MOST_WORDS = 40
"""A longer sentence should be two sentences."""

STILTED: Mapping[str, str] = {
    r"whoever": "anyone who, or name the person",
    r"of that kind (is|are)": "this also applies to",
    r"(sees?|seen) to (it|that)|what is seen to": "makes, checks, handles",
    r"in vain": "unused, without result",
    r"beforehand": "first, before, in advance",
    r"all the same": "still, anyway",
    r"by itself": "automatically, on its own",
    r"(is|are|was|were) told": "is reported, is shown",
    r"goes? on": "continues",
    r"for want of": "because there is no",
    r"hangs? on": "depends on",
    r"mend(s|ed|ing)?": "fix",
    r"taken? for innocent": "assumed good",
    r"what (comes|becomes) of": "what happens to",
    r"stands? (in|beside|there|elsewhere)": "is in, is next to",
    r"lies in": "is in",
    r"need not": "does not have to",
    r"hence|thus|thereby|whereby|thereof|therein": "so, with this",
    r"in order to|so as to": "to",
    r"shall": "must, will",
    r"anew|afresh": "again",
    r"lest|nor|owing to|upon|utili[sz]e[sd]?": "a plain word",
    r"same goes for": "this also applies to",
    r"guests?": "test suite, or hunt",
    r"(?-i:Bisector)": "bisector, as the command is called, also where a sentence begins",
}
"""Words that a maintainer of a modern tool would not write, and their replacements."""

ALLOWED = {"docs/glossary.md": {"guest"}}
"""Words that a page may use because it explains them."""

every_page = pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name != "CHANGELOG.md"],
    ids=name_of,
)


@every_page
def test_no_stilted_words(page: Path) -> None:
    """A page uses none of the words on the list."""
    allowed = ALLOWED.get(name_of(page), set())
    assert [found for text in _prose(page) for found in _stilted(text) if found not in allowed] == []


@every_page
def test_sentences_are_short(page: Path) -> None:
    """No sentence outside tables has more than 40 words. A colon or a semicolon ends a sentence too."""
    texts = _prose(page, cells=False)
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.:;?!])\s+", text)]
    assert [sentence for sentence in sentences if len(sentence.split()) > MOST_WORDS] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Of that kind are timeouts; the hunt goes on.", ["of that kind are", "goes on"]),
        ("A recommended mount of amendments, thusly.", []),
    ],
)
def test_whole_words_are_found(text: str, found: list[str]) -> None:
    """A word on the list is found in any case, and not inside a longer word."""
    assert sorted(_stilted(text)) == sorted(found)


def _stilted(text: str) -> list[str]:
    return [match[0].lower() for words in STILTED for match in re.finditer(rf"\b(?:{words})\b", text, re.I)]


def _prose(page: Path, cells: bool = True) -> Iterator[str]:
    """The text of each paragraph and heading, and of table cells if `cells`. X replaces code."""
    inside = ""
    for block in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        if block.type == "inline" and (cells or inside not in {"th_open", "td_open"}):
            yield "".join(
                {"text": token.content, "code_inline": "X"}.get(token.type, " ")
                for token in block.children or ()
                if token.type in {"text", "code_inline", "softbreak", "hardbreak"}
            )
        inside = block.type
