"""The commit graph of a hunt's range as rows with lanes, newest first, with untested stretches folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bisector.hunt.record import HuntRecord, Reading
from bisector.report import findings
from bisector.report.findings import Side

WHOLE_UP_TO = 30
MOST_ROWS = 80


@dataclass(frozen=True, slots=True)
class Line:
    """A line through the upper (0 to 1) or lower half (1 to 2) of a row, from lane to lane."""

    lane: int
    half: int
    to_lane: int
    folded: bool


@dataclass(frozen=True, slots=True)
class GraphRow:
    """A commit with its lane; `hidden` counts the untested commits folded below it."""

    commit: str
    lane: int
    side: Side | None
    """None if the commit was not tested."""
    suspect: bool
    endpoint: str
    lines: tuple[Line, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class CommitGraph:
    """Rows from newest to oldest, `lanes` columns wide."""

    rows: tuple[GraphRow, ...]
    lanes: int


def commit_graph(record: HuntRecord) -> CommitGraph:
    """Rows for the good endpoints and candidates: all if at most 30, else the informative ones."""
    order = [*(c.id for c in record.good), *record.candidates]
    kept = set(order) if len(order) <= WHOLE_UP_TO else _telling(record, order)
    shown = [c for c in order if c in kept]
    parents = _nearest_kept(record, order, shown)
    folded = {
        (child, parent)
        for child in shown
        for parent in parents[child]
        if child in record.commits and parent not in record.commits[child].parents
    }
    drawn = list(_lay_out(list(reversed(shown)), parents, folded))
    position = {c: i for i, c in enumerate(order)}
    sides = _sides(record)
    rows = []
    for index, (commit, lane, lines) in enumerate(drawn):
        below = position[drawn[index + 1][0]] if index + 1 < len(drawn) else position[commit] - 1
        rows.append(_row(record, commit, lane, lines, sides, max(position[commit] - below - 1, 0)))
    lanes = max((max(line.lane, line.to_lane) for row in rows for line in row.lines), default=0)
    return CommitGraph(tuple(rows), lanes + 1)


def _row(
    record: HuntRecord,
    commit: str,
    lane: int,
    lines: tuple[Line, ...],
    sides: Mapping[str, Side],
    hidden: int,
) -> GraphRow:
    good = {c.id for c in record.good}
    terms = record.terms
    endpoint = terms.old if commit in good else terms.new if commit == record.bad.id else ""
    return GraphRow(
        commit, lane, sides.get(commit), commit in findings.suspects(record), endpoint, lines, hidden
    )


def _sides(record: HuntRecord) -> dict[str, Side]:
    readings: dict[str, list[Reading]] = {}
    for reading in record.readings:
        readings.setdefault(reading.commit, []).append(reading)
    return {commit: findings.side(record, of_it) for commit, of_it in readings.items()}


def _telling(record: HuntRecord, order: Sequence[str]) -> set[str]:
    """Endpoints, suspects with their parents, and tested commits, those nearest the answer first."""
    position = {c: i for i, c in enumerate(order)}
    suspects = [c for c in findings.suspects(record) if c in position]
    first = dict.fromkeys([*(c.id for c in record.good), record.bad.id, *suspects[:MOST_ROWS]])
    for commit in suspects[:MOST_ROWS]:
        first.update(dict.fromkeys(record.commits[commit].parents))
    middle = position[suspects[0]] if suspects else len(order) - 1
    tested = {r.commit for r in record.readings if r.commit in position}
    first.update(dict.fromkeys(sorted(tested, key=lambda c: abs(position[c] - middle))))
    return set(list(first)[:MOST_ROWS])


def _nearest_kept(record: HuntRecord, order: Sequence[str], shown: Sequence[str]) -> dict[str, list[str]]:
    """For each shown commit its nearest shown ancestors, none reachable through another.

    Each shown commit has one bit; masks propagate in topological order.
    """
    bit = {c: 1 << i for i, c in enumerate(shown)}
    nearest: dict[str, int] = {}
    above: list[int] = []
    result: dict[str, list[str]] = {}
    for commit in order:
        info = record.commits.get(commit)
        mask = 0
        for parent in info.parents if info else ():
            mask |= nearest.get(parent, 0)
        for index in _bits(mask):
            mask &= ~above[index]
        # Keep a parent even if another parent leads to it, as in a merge without fast-forward.
        for parent in info.parents if info and commit in bit else ():
            mask |= bit.get(parent, 0)
        if commit in bit:
            # The first parent first, so that the trunk keeps its lane.
            found = [shown[i] for i in _bits(mask)]
            trunk = info.parents[:1] if info else ()
            result[commit] = [c for c in found if c in trunk] + [c for c in found if c not in trunk]
            above.append(_all_above(mask, above))
            mask = bit[commit]
        nearest[commit] = mask
    return result


def _all_above(mask: int, above: Sequence[int]) -> int:
    ancestors = mask
    for index in _bits(mask):
        ancestors |= above[index]
    return ancestors


def _bits(mask: int) -> Iterable[int]:
    """The indexes of the set bits, highest (newest) first."""
    while mask:
        index = mask.bit_length() - 1
        yield index
        mask &= ~(1 << index)


def _lay_out(
    newest_first: Sequence[str], parents: Mapping[str, Sequence[str]], folded: set[tuple[str, str]]
) -> Iterable[tuple[str, int, tuple[Line, ...]]]:
    """Lanes as in `git log --graph`: each lane waits for one commit; free lanes are reused."""
    waiting: list[tuple[str, bool] | None] = []
    for commit in newest_first:
        mine = [i for i, w in enumerate(waiting) if w and w[0] == commit]
        lane = mine[0] if mine else _free(waiting)
        lines = [Line(i, 0, lane if i in mine else i, w[1]) for i, w in enumerate(waiting) if w]
        for index in mine:
            waiting[index] = None
        passing = [i for i, w in enumerate(waiting) if w]
        lines += [Line(i, 1, i, (waiting[i] or ("", False))[1]) for i in passing]
        for number, parent in enumerate(parents[commit]):
            target = lane if number == 0 else _free(waiting, keep=lane)
            _put(waiting, target, (parent, (commit, parent) in folded))
            lines.append(Line(lane, 1, target, (commit, parent) in folded))
        yield commit, lane, tuple(lines)


def _free(waiting: Sequence[tuple[str, bool] | None], keep: int = -1) -> int:
    return next((i for i, w in enumerate(waiting) if w is None and i != keep), len(waiting))


def _put(waiting: list[tuple[str, bool] | None], lane: int, entry: tuple[str, bool]) -> None:
    if lane == len(waiting):
        waiting.append(entry)
    else:
        waiting[lane] = entry
