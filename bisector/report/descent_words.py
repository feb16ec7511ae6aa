"""The way down from an answer in words: a line for each step."""

from __future__ import annotations

from datetime import datetime

from bisector.hunt.descend.level import Level
from bisector.hunt.record import HuntRecord

_NAMED = 4
"""Changes that are named one by one."""


def innermost(record: HuntRecord) -> Level | None:
    """The last step down with a commit as its answer; None if there is none."""
    return next((level for level in reversed(record.descent) if level.is_commit), None)


def in_headline(record: HuntRecord) -> str:
    """What the headline adds to the answer: the innermost commit, and where it is; empty without one."""
    level = innermost(record)
    if level is None:
        return ""
    where = f"in {level.path}" if level.path else "in its branch"
    return f": {level.answer[:12]} {where}"


def title(level: Level) -> str:
    """Where the step leads, such as `into the merge 3f2a9c81b0e4`."""
    below = f" of {level.path}" if level.path else ""
    if level.kind == "merge":
        return f"into the merge {level.of[:12]}{below}"
    if level.kind == "submodules":
        return f"which submodule of {level.of[:12]}{below}"
    if level.kind == "releases":
        return f"into the releases of {level.path}"
    if level.kind == "changes":
        return f"into the changes of {level.of[:12]}{below}"
    return f"into the submodule {level.path}"


def answer(level: Level) -> str:
    """The answer of a step and why; hostile text, as a commit's subject is."""
    match level.state:
        case "found" if level.is_commit:
            return f"{named(level)}, {level.why}"
        case "found" if level.kind == "changes":
            return f"{level.answer} ({changes(level)}), {level.why}{_share(level)}"
        case "found":
            return f"{level.answer}, {level.why}"
        case "together":
            return level.why
        case "one-of":
            listed = ", ".join(commit[:12] for commit in level.any_of)
            return f"one of {len(level.any_of)} ({listed}): {level.why}"
        case "open":
            return f"open: {level.why}" + (f"; run `{level.command}`" if level.command else "")


def named(level: Level) -> str:
    """The commit that is the answer of a step, with its subject, author and day."""
    day = datetime.fromisoformat(level.date).date().isoformat()
    return f"{level.answer[:12]} {level.subject} ({level.author}, {day})"


def changes(level: Level) -> str:
    """Where the changes are that make the parent bad."""
    more = len(level.changes) - _NAMED
    return ", ".join(level.changes[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _share(level: Level) -> str:
    """The share of the commit's effect that its changes explain, as a clause."""
    return "" if level.share is None else f"; {100 * level.share:.0f}% of the commit's effect"


def in_one_line(level: Level) -> str:
    """The step with its range and its answer."""
    where = f"{title(level)}, {level.range}" if level.range else title(level)
    return f"{where}: {answer(level)}"


def open_end(record: HuntRecord) -> str:
    """A sentence for an answer whose way down is not settled; empty if it is."""
    last = record.descent[-1] if record.descent else None
    if last is None or last.is_settled:
        return ""
    return "The answer is confirmed, but the way down from it is open."
