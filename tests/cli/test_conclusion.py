"""The box at the end of a hunt."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bisector.cli import conclusion
from bisector.engine.account import Ahead
from bisector.history.commit import CommitInfo
from bisector.hunt.conclusion import Conclusion, FirstBad, Inconclusive
from bisector.hunt.record import HuntRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD, BAD = (CommitInfo(40 * one, (), f"{one} subject", "Ann", NOW) for one in "ab")


def told(found: Conclusion, *, details: bool = False, width: int = 80) -> str:
    """What is printed for a conclusion about a range of one commit."""
    record = HuntRecord(
        name="mine",
        repository=Path("/repo"),
        good=[GOOD],
        bad=BAD,
        predicate="exit_status",
        commits={BAD.id: BAD},
        candidates=[BAD.id],
        readings=[],
        conclusion=found,
        ahead=Ahead(builds=9, seconds=7.0, unused=3),
    )
    console = Console(file=io.StringIO(), width=width, highlight=False)
    report = Path("/a/long/folder") / ("x" * 90) / "report.html"
    conclusion.show(console, record, report, None, details=details)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_subject_comes_first() -> None:
    """The box begins with the subject of the first bad commit, then its id, and repeats neither."""
    text = told(FirstBad(BAD.id, 1.0, confirmed=True))
    first, second = (line.strip("│ ") for line in text.splitlines()[1:3])
    assert (first, second) == ("b subject", f"first bad commit {BAD.id[:12]}")
    assert text.count("b subject") == 1
    assert "author" in text and "Ann" in text


def test_other_endings_begin_with_what_they_are() -> None:
    """Candidates of an inconclusive hunt are listed below."""
    text = told(Inconclusive("the budget is spent", (BAD.id,), (0.7,)))
    assert text.splitlines()[1].strip("│ ") == "inconclusive"
    assert f"likely      {BAD.id[:12]}  b subject" in text


def test_what_was_saved_is_a_detail() -> None:
    """Prefetched builds are listed for those who ask, with -v."""
    found = FirstBad(BAD.id, 1.0, confirmed=True)
    assert "prefetched" not in told(found)
    assert "ahead       9 builds prefetched (7.00 s), 3 unused" in told(found, details=True)


def test_paths_are_in_one_piece() -> None:
    """A path that does not fit is printed below the box, where the terminal wraps it."""
    path = f"/tmp/{80 * 'p'}"
    text = told(Inconclusive(f"something wrote {path} meanwhile"))
    assert f"Something wrote {path} meanwhile.\n" in text
    assert f"report: /a/long/folder/{90 * 'x'}/report.html\n" in text
