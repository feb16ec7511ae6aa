"""The lines of a hunt under way: one for each commit and purpose, also if it is read again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from bisector.cli.rows import Row, print_row, row_of
from bisector.cli.standing import Standing
from bisector.history.commit import CommitInfo
from bisector.probe.reading import Reading, Role
from bisector.report.findings import Side, side_by
from bisector.terms import REGRESSION

_MOST = 12
"""Lines that may change; of more, the one that changed longest ago is printed for good."""

_Key = tuple[Role, str]


@dataclass
class _Line:
    """The readings of one commit for one purpose."""

    readings: list[Reading] = field(default_factory=list)
    shown: Text = field(default_factory=Text)
    """The line as a terminal shows it while it may change."""
    printed: str = ""
    """The side that was printed last; empty if the line was not printed."""


class Lines:
    """Prints the readings of a hunt on `console`, below a heading for each role.

    If they may change (`live`), lines stay open until `flush`, for the caller to show as they are. Else only
    the line of the commit that is being read is open. A line is printed when it is closed, but again only if
    the commit has changed sides. Set `standing` once the range is known.
    """

    def __init__(self, console: Console, describe: Callable[[str], CommitInfo], *, live: bool) -> None:
        self.standing: Standing | None = None
        self._console = console
        self._describe = describe
        self._live = live
        self._role: Role | None = None
        self._headed: Role | None = None
        """The role that was printed as a heading last."""
        self._lines: dict[_Key, _Line] = {}
        self._open: list[_Key] = []
        """Lines to be printed, in the order of their first readings."""
        self._recent: list[_Key] = []
        """The same lines; the one that changed last is at the end."""

    @property
    def shown(self) -> list[Text]:
        """The open lines below their heading, if they are live."""
        if not self._live or not self._open:
            return []
        lines = [self._lines[key].shown for key in list(self._open)]
        return lines if self._headed is self._role else [_heading(self._role), *lines]

    def add(self, reading: Reading) -> None:
        """Add a reading to the line of its commit."""
        key = (reading.role, reading.commit)
        if self.standing:
            self.standing.add(reading)
        if reading.role is not self._role or (key not in self._open and not self._live):
            self.flush()
        self._role = reading.role
        line = self._lines.setdefault(key, _Line())
        line.readings.append(reading)
        line.shown = self._row(line).text(self._console.width)
        if key in self._open:
            self._recent.remove(key)
        else:
            self._open.append(key)
        self._recent.append(key)
        while len(self._open) > min(_MOST, max(self._console.height // 3, 1)):
            self._close(self._recent[0])

    def moved(self) -> None:
        """Print the line of a searched commit at once, if it is not live."""
        if self._role is Role.SEARCH and not self._live:
            self.flush()

    def flush(self) -> None:
        """Print the open lines."""
        for key in list(self._open):
            self._close(key)

    def _close(self, key: _Key) -> None:
        self._open.remove(key)
        self._recent.remove(key)
        line = self._lines[key]
        row, side = self._row(line), self._side(line)
        if not line.printed or (side is not Side.UNDECIDED and row.word != line.printed):
            line.printed = row.word
            if self._role is not self._headed:
                self._headed = self._role
                self._console.print(_heading(self._role))
            print_row(self._console, row)

    def _row(self, line: _Line) -> Row:
        last, standing = line.readings[-1], self.standing
        number = standing.number(last.commit) if standing and last.role is Role.SEARCH else None
        paired = standing is not None and standing.plan.ratio is not None
        info = self._describe(last.commit)
        terms = standing.plan.terms if standing else REGRESSION
        return row_of(f"  {number or '':>2}", info, line.readings, self._side(line), terms, paired=paired)

    def _side(self, line: _Line) -> Side:
        return self.standing.side(line.readings) if self.standing else side_by(line.readings, 1.0, None)


def _heading(role: Role | None) -> Text:
    return Text(role.value if role else "", style="bold")
