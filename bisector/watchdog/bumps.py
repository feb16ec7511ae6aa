"""Deadlines that a diff changes: raised, lowered, added or removed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from bisector.errors import HistoryError
from bisector.history.repository import GitFailure, Repository
from bisector.report.safe_text import visible
from bisector.watchdog.deadline import Deadline, deadlines_in


class Kind(Enum):
    """How a deadline changed."""

    RAISED = "raised"
    LOWERED = "lowered"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """A changed deadline; `before` has its line in the old file, `after` in the new one."""

    before: Deadline | None
    after: Deadline | None

    @property
    def kind(self) -> Kind:
        """How it changed."""
        if self.before is None:
            return Kind.ADDED
        if self.after is None:
            return Kind.REMOVED
        return Kind.RAISED if self.after.seconds > self.before.seconds else Kind.LOWERED

    @property
    def shown(self) -> Deadline:
        """The deadline to show: the new one if there is one."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change needs a deadline before or after it")
        return found

    def __str__(self) -> str:
        old = self.before.text if self.before else ""
        new = self.after.text if self.after else ""
        return f"`{old}` -> `{new}`" if old and new else f"`{old or new}`"


DIFF = (
    *("-c", "core.quotePath=false", "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
"""A diff of git that reads the same whatever the user has configured."""


def changes_between(repository: Repository, base: str, head: str) -> list[Change]:
    """The deadlines that differ between two commits, in the order of the diff."""
    try:
        diff = repository.git(*DIFF, base, head)
    except GitFailure as error:
        raise HistoryError(f"git cannot compare {base[:12]} with {head[:12]}: {error}") from error
    return changes_in(diff.decode("utf-8", "replace"))


def changes_in(diff: str) -> list[Change]:
    """The deadlines that a unified diff changes.

    Within a hunk, removed and added deadlines with the same meaning are paired (`timeout 180` and `timeout
    2400`, even on different lines), then those of the same style. Unpaired ones are matched with the rest of
    the file, since lines may move. A deadline that only moved is not a change.
    """
    try:
        files = list(PatchSet(io.StringIO(diff, newline="\n")))
    except UnidiffParseError as error:
        raise HistoryError(f"cannot read the diff: {visible(str(error)).strip():.200}") from error
    return [change for file in files for change in _in_file(file)]


_Key = Callable[[Deadline], Hashable]
_BY_MEANING: tuple[_Key, ...] = (lambda d: (d.style, d.name, d.seconds), lambda d: (d.style, d.name))


def _in_file(file: PatchedFile) -> list[Change]:
    changes: list[Change] = []
    gone: list[Deadline] = []
    come: list[Deadline] = []
    for hunk in file:
        before = _deadlines(file, ((line.source_line_no, line.value) for line in hunk if line.is_removed))
        after = _deadlines(file, ((line.target_line_no, line.value) for line in hunk if line.is_added))
        changes += _paired(before, after, (*_BY_MEANING, lambda deadline: deadline.style))
        if len(before) == len(after) == 1:
            changes.append(Change(before.pop(), after.pop()))
        gone += before
        come += after
    changes += _paired(gone, come, _BY_MEANING)
    changes += [Change(one, None) for one in gone] + [Change(None, one) for one in come]
    moved = [c for c in changes if c.before and c.after and c.before.seconds == c.after.seconds]
    return sorted((c for c in changes if c not in moved), key=lambda change: change.shown.line)


def _paired(before: list[Deadline], after: list[Deadline], keys: Iterable[_Key]) -> list[Change]:
    """Pairs with equal keys, trying the keys in order; removes them from both lists."""
    pairs = []
    for key in keys:
        for old in list(before):
            new = next((one for one in after if key(one) == key(old)), None)
            if new is not None:
                pairs.append(Change(old, new))
                before.remove(old)
                after.remove(new)
    return pairs


def _deadlines(file: PatchedFile, lines: Iterable[tuple[int | None, str]]) -> list[Deadline]:
    path = _unquoted(file.path)
    return [
        replace(deadline, line=number or 0)
        for number, text in lines
        for deadline in deadlines_in(text.rstrip("\n"), path)
    ]


_QUOTED = re.compile(r'\\([abtnvfr"\\]|[0-7]{3})')
_LETTERS = dict(zip('abtnvfr"\\', '\a\b\t\n\v\f\r"\\', strict=True))


def _unquoted(path: str) -> str:
    """Unquote a path that git has quoted like a C string because of special characters (quote.c)."""
    if not (len(path) > 1 and path.startswith('"') and path.endswith('"')):
        return path
    return _QUOTED.sub(lambda match: _LETTERS.get(match[1]) or chr(int(match[1], 8)), path[1:-1])
