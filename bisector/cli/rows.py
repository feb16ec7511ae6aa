"""One line for the readings of one commit: side, ratio, subject, and as much of the reason as fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bisector.history.commit import CommitInfo
from bisector.hunt import remembered
from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.premise import measured, runs_of
from bisector.predicate import Bad, Judgement, Measured, Undecided, Untestable
from bisector.probe.reading import Reading
from bisector.report.findings import Side, word
from bisector.report.probe_table import number
from bisector.report.safe_text import visible
from bisector.terms import REGRESSION, Terms

_WORD = len("untestable")
_RATIO = len("100.00x")
_GAP = "  "
_LEAST_REASON = 10
"""Columns below which a reason says nothing; then it is left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one line says; `word` is the side, and `ratio` None if the hunt measures nothing.

    `lead` is the text before the commit, such as the number of the probe.
    """

    lead: str
    commit: CommitInfo
    word: str
    ratio: str | None
    reason: str
    style: str = ""

    def text(self, width: int | None = None) -> Text:
        """The line, of at most `width` terminal columns (None: as long as it is).

        The reason is shortened first, then left out; the subject is shortened last.
        """
        line = Text(f"{self.lead}{_GAP}")
        line.append(f"{self.commit.short}{_GAP}", style="bold")
        line.append(f"{self.word:<{_WORD}}{_GAP}", style=self.style)
        if self.ratio is not None:
            line.append(f"{self.ratio:>{_RATIO}}{_GAP}", style="magenta")
        line.append(visible(self.commit.subject))
        reason = visible(self.reason)
        room = None if width is None else width - line.cell_len - len(_GAP)
        if reason and (room is None or room >= min(_LEAST_REASON, cell_len(reason))):
            line.append(f"{_GAP}{reason}", style="dim")
        if width is not None:
            line.truncate(width, overflow="ellipsis")
        return line


def print_row(console: Console, row: Row) -> None:
    """Print a line: cut to the width of a terminal, whole elsewhere."""
    if console.is_terminal:
        console.print(row.text(console.width), no_wrap=True)
    else:
        console.print(row.text(), soft_wrap=True)


def row_of(
    lead: str,
    commit: CommitInfo,
    readings: Sequence[Reading],
    side: Side,
    terms: Terms = REGRESSION,
    *,
    paired: bool,
) -> Row:
    """The row for readings of one commit, the last of which counts if they are undecided."""
    last = readings[-1].judgement
    shows_ratio = paired or any(isinstance(one.judgement, Measured) for one in readings)
    return Row(
        lead,
        commit,
        _word(last, side, terms),
        ratio_of(readings) if shows_ratio else None,
        f"{_often(readings, terms)}{last.why}",
        _style(last, side, terms),
    )


def numbered_row(number: str, commit: CommitInfo, reading: Reading, side: Side, terms: Terms) -> Row:
    """The row for a single reading, with its number and the time at which it was taken."""
    lead = f"{number}  {remembered.clock_time(reading.at)}"
    return row_of(lead, commit, [reading], side, terms, paired=bool(reading.against))


def _word(last: Judgement, side: Side, terms: Terms) -> str:
    if side is Side.GOOD or side is Side.BAD:
        return word(side, terms)
    return type(last).__name__.lower()


def _style(last: Judgement, side: Side, terms: Terms) -> str:
    """Green for the better side, red for the worse one."""
    if side is Side.GOOD or side is Side.BAD:
        return "green" if (side is Side.GOOD) is not terms.better else "red"
    return "yellow" if isinstance(last, Untestable) and not isinstance(last, Undecided) else ""


def ratio_of(readings: Sequence[Reading]) -> str:
    """The typical measured value of these readings, or the one that a run had reached when it was ended.

    Empty if there is neither. A value against a reference is a ratio (`1.50x`).
    """
    values = measured(readings)
    if values:
        typical = estimate(values).ratio
        return f"{typical:.2f}x" if readings[-1].against else number(typical)
    last = readings[-1].judgement
    reached = last.at_least if isinstance(last, Bad) and readings[-1].against else None
    return "" if reached is None else f">{reached:.1f}x"


def _often(readings: Sequence[Reading], terms: Terms) -> str:
    """In how many runs the commit was judged to be of the new kind, if its runs contradict each other."""
    runs = runs_of(readings)
    return f"({terms.new} in {runs.bad} of {runs.all} runs) " if runs.differ else ""
