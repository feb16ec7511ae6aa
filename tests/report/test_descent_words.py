"""The way down from an answer in every report, without any markup of a hostile subject."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from bisector.hunt.descend.level import Level, level_from_json, level_to_json
from bisector.hunt.record import HuntRecord
from bisector.report import findings
from bisector.report.html import html_report
from bisector.report.markdown import chat_report, issue_report
from bisector.report.progress_log import entry_for
from bisector.report.summary import summary
from tests.report import factory

OUTER, OLD, NEW, INNER = ("a1" * 20, "b2" * 20, "c3" * 20, "d4" * 20)
HOSTILE = "</li><script>alert(1)</script>\x1b[31m"


def followed(*levels: Level) -> HuntRecord:
    """A record with this way down."""
    return replace(factory.measured(), descent=levels)


def into_merge() -> Level:
    """A step into a merge that found a commit."""
    blank = Level("merge", OUTER, OLD, NEW, "open", "")
    info = replace(factory.measured().bad, id=INNER, subject=HOSTILE, author="A. Author")
    return blank.found(info, "confirmed: so it is")


def test_every_report_names_the_innermost_commit_and_its_range() -> None:
    """Hostile text stays text."""
    record = followed(into_merge())
    texts = [html_report(record), issue_report(record), chat_report(record)]
    texts.append("\n".join(entry_for(record, None, date(2026, 1, 1)).facts))
    for text in texts:
        assert INNER[:12] in text
        assert f"{OUTER[:12]}^1..{OUTER[:12]}^2" in text.replace("\\", "")
        assert re.search(r"(?<!\\)<script>alert", text) is None
        assert "\x1b" not in text
    assert f"{INNER[:12]} in its branch" in findings.headline(record)


def test_an_open_way_down_is_said() -> None:
    """The answer is confirmed, and no inner commit is named."""
    record = followed(replace(into_merge(), state="open", answer="", why="the budget is spent"))
    assert findings.headline(record) == findings.headline(factory.measured())
    assert "the way down from it is open" in findings.reason(record)
    found = summary(record)
    assert (found["exit_code"], found["descent"][0]["confirmed"]) == (0, False)  # type: ignore[index]


def test_a_level_comes_back_from_the_journal() -> None:
    """As it was written."""
    level = replace(into_merge(), files=("a", "b"), keys=("k",), any_of=(OLD,))
    assert level_from_json(level_to_json(level)) == level


def test_the_range_of_a_submodule_that_was_moved_back_is_that_of_its_history() -> None:
    """The older commit comes first."""
    level = Level("submodule", OUTER, OLD, NEW, "open", "", "lib", is_back=True)
    assert level.range == f"{NEW[:12]}..{OLD[:12]}"
