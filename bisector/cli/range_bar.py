"""The range of a hunt as one line: `good ├──●···?···✗──┤ bad`."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from rich.text import Text

from bisector.report.findings import Side
from bisector.report.scales import HistoryAxis
from bisector.terms import REGRESSION, Terms

_NEARLY_ALL = 0.999
_LEAST, _MOST = 10, 60
"""Columns of the range itself."""
_MARKS = {Side.UNTESTABLE: ("○", "yellow"), Side.GOOD: ("●", "green"), Side.BAD: ("✗", "red")}
"""Later ones hide earlier ones in the same column; a commit being tested hides all."""
_TURNED = {Side.GOOD: ("✗", "red"), Side.BAD: ("●", "green")}
"""The marks of a hunt for a fix."""
_PLAIN = str.maketrans("├┤─·●✗○", "||-.oxu")


class RangeBar:
    """The line for a range of `commits`: full ids, parents first, the last one is bad.

    A dot is a place where the first bad commit may be, a dash one where it cannot be. Like the picture of a
    report, long ranges are drawn by logarithms, so that all steps of a bisection stay visible.
    """

    def __init__(self, commits: Sequence[str], terms: Terms = REGRESSION) -> None:
        self._before, self._after = f"  {terms.old} ", f" {terms.new}"
        self._marks = {**_MARKS, **(_TURNED if terms.better else {})}
        self._position = {commit: at for at, commit in enumerate(commits)}

    def text(
        self,
        sides: Mapping[str, Side],
        testing: Collection[str],
        posterior: Mapping[str, float],
        width: int,
        *,
        plain: bool = False,
    ) -> Text:
        """The line, of at most `width` columns; `posterior` as in `Outlook`, `plain` for ASCII only."""
        columns = min(max(width - len(self._before) - len(self._after) - 2, _LEAST), _MOST)
        read = [self._position[commit] for commit in sides if commit in self._position]
        axis = HistoryAxis(len(self._position), read, 0, columns - 1)
        cells = [("─", "dim")] * columns
        for first, last in _stretches(self._possible(posterior)):
            for column in range(round(axis.x(first)), round(axis.x(last)) + 1):
                cells[column] = ("·", "")
        for side, mark in self._marks.items():
            for commit, found in sides.items():
                if found is side and commit in self._position:
                    cells[self._column(axis, commit)] = mark
        for commit in testing:
            if commit in self._position:
                cells[self._column(axis, commit)] = ("?", "bold cyan")
        line = Text.assemble((f"{self._before}├", "dim"), *cells, (f"┤{self._after}", "dim"), no_wrap=True)
        if plain:
            line.plain = line.plain.translate(_PLAIN)
        return line

    def _column(self, axis: HistoryAxis, commit: str) -> int:
        return round(axis.x(self._position[commit]))

    def _possible(self, posterior: Mapping[str, float]) -> Sequence[int]:
        """Positions of the fewest commits with nearly all of the probability, sorted; all without one."""
        if not posterior:
            return range(len(self._position))
        found, mass, whole = [], 0.0, sum(posterior.values())
        for commit, probability in posterior.items():
            if mass >= _NEARLY_ALL * whole:
                break
            mass += probability
            found.append(self._position.get(commit, 0))
        return sorted(found)


def _stretches(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours."""
    starts = [at for at, here in enumerate(positions) if at == 0 or positions[at - 1] != here - 1]
    for start, end in itertools.pairwise([*starts, len(positions)]):
        yield positions[start], positions[end - 1]
