"""What a hunt keeps from earlier starts, and what it tests again because it may have been fixed since."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

from bisector.hunt.conclusion import SPENT, AnyOf, Conclusion, FirstBad, Inconclusive
from bisector.hunt.journal import HuntRow
from bisector.predicate import Judgement, Undecided, Untestable
from bisector.probe.reading import KnownUntestable, Reading, Role

ANEW = "`--restart` starts over"

_LACKS_A_PROGRAM = re.compile(r"\b12[67]\b|not found|No such file|Permission denied")
"""Signs of a missing program in an untestable commit's reason: shell exit codes, messages of shells, make."""


def lasts(conclusion: Conclusion | None) -> TypeGuard[FirstBad]:
    """Whether the next start only tests the answer again: only for a confirmed first bad commit.

    The machine may have caused any other conclusion, such as a service that was down or a missing tool.
    """
    return isinstance(conclusion, FirstBad) and conclusion.confirmed


def holds(answer: FirstBad, found: Conclusion | None) -> bool:
    """Whether a hunt that tested an earlier `answer` again has found the same."""
    return lasts(found) and found.commit == answer.commit


def counts_beside_confirmation(found: Reading | KnownUntestable) -> bool:
    """Whether `found` still counts while an earlier answer is confirmed once more."""
    return not (isinstance(found, Reading) and found.role is Role.CONFIRMATION)


def counts(found: Reading | KnownUntestable, conclusion: Conclusion | None) -> bool:
    """Whether `found` still counts at the next start of a hunt whose last start ended with `conclusion`.

    A hunt that was interrupted, or ran out of budget, keeps everything that does not look like a missing
    program. A hunt without a clear answer keeps the verdicts of its search, and repeats endpoints,
    confirmation and untestable commits. A hunt whose endpoints were not as the user said keeps only what
    other commands read.
    """
    judgement = found.judgement if isinstance(found, Reading) else Untestable(found.why)
    if isinstance(found, Reading) and found.role is Role.VERIFICATION:
        return True
    if not lasting(judgement):
        return False
    if conclusion is None or (isinstance(conclusion, Inconclusive) and conclusion.why == SPENT):
        return True
    unclear = isinstance(conclusion, FirstBad | AnyOf | Inconclusive)
    searched = isinstance(found, Reading) and found.role is Role.SEARCH
    return unclear and searched and not isinstance(judgement, Untestable)


def lasting(judgement: Judgement) -> bool:
    """Whether a judgement is permanent: not if a quieter machine or an installed program might change it."""
    if isinstance(judgement, Undecided):
        return False
    return not (isinstance(judgement, Untestable) and _LACKS_A_PROGRAM.search(judgement.why))


def earlier(rows: Sequence[HuntRow], document: Mapping[str, Any]) -> HuntRow | None:
    """The first of `rows` (newest first) with the same hunt document, whatever its environment.

    Ignores keys that an earlier bisector did not have.
    """
    return next((row for row in rows if not row.within and _is_alike(row.document, document)), None)


def _is_alike(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    if _direction(before) != _direction(now):
        return False
    whole = ("hunt", "repository", "good", "bad", "first_parent", "paths", "predicate")
    if (before.get("setup") or []) != now.get("setup", []):
        return False
    return all(before.get(key) == now[key] for key in whole) and all(
        bool(before.get(key)) == bool(now[key])
        and (before.get(key) or {}).items() <= (now[key] or {}).items()
        for key in ("build", "test")
    )


def _direction(document: Mapping[str, Any]) -> bool:
    """Whether the hunt looks for a fix; an earlier bisector had no such hunts."""
    return bool(document.get("find") == "fix")


def why_not(before: HuntRow, digests: Mapping[str, str]) -> str:
    """Why a hunt with these `digests` cannot use the readings of an earlier hunt with the same document."""
    names = [name for name, digest in digests.items() if before.recipe.get(name) != digest]
    why = f"{' and '.join(names)} changed since" if before.recipe else "an earlier bisector took them"
    return f"not using the readings of the hunt started at {clock_time(before.started)}: {why}"


def edited(rows: Sequence[HuntRow], document: Mapping[str, Any]) -> str:
    """The note for a hunt whose file was edited since its newest start: what differs; '' for a new hunt."""
    same = ("hunt", "repository", "good", "bad")
    for row in rows:
        alike = all(row.document.get(key) == document[key] for key in same)
        if alike and _direction(row.document) == _direction(document):
            parts = [
                key
                for key in ("setup", "build", "test", "predicate")
                if (row.document.get(key) or None) != (document.get(key) or None)
            ]
            what = " and ".join(f"`{key}`" for key in parts) or "the hunt file"
            at = clock_time(row.started)
            return f"not using the readings of the hunt started at {at}: {what} changed since"
    return ""


def why_again(row: HuntRow) -> str:
    """The note for a hunt that had ended and is resumed; '' for one that had not ended."""
    if row.conclusion is None or row.finished is None:
        return ""
    at, name = clock_time(row.finished), row.conclusion.name
    return f"this hunt ended at {at} with {name}; testing again what may have been fixed since ({ANEW})"


def why_confirmed_again(row: HuntRow) -> str:
    """The note for a hunt that had found its answer."""
    return f"testing the answer from {_end_of(row)} again; `bisector report` shows it without a test"


def why_every_step_again(row: HuntRow) -> str:
    """The note for a hunt that had found all steps."""
    return f"testing every step from {_end_of(row)} again; `bisector report` shows them without a test"


def why_anew(row: HuntRow) -> str:
    """The note for a remembered answer that does not hold any longer."""
    changed = "something outside of the commits changed"
    return f"the answer from {_end_of(row)} does not hold now: {changed}; starting over"


def _end_of(row: HuntRow) -> str:
    return clock_time(row.finished) if row.finished else "an earlier start"


def clock_time(at: datetime) -> str:
    """The local time, with the date if that is not today."""
    local, today = at.astimezone(), datetime.now().astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
