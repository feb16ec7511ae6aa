"""What a hunt takes over from its earlier starts, and what it reads again because it may have been mended."""

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
"""In why a commit is untestable: the shell's exit codes for programs, and what shells and make say."""


def lasts(conclusion: Conclusion | None) -> TypeGuard[FirstBad]:
    """Whether the same command is answered from the journal: only by a first bad commit, confirmed.

    Everything else may have been the machine's fault: a service that was down, a tool that was missing.
    """
    return isinstance(conclusion, FirstBad) and conclusion.confirmed


def counts(found: Reading | KnownUntestable, conclusion: Conclusion | None) -> bool:
    """Whether what was found still counts at the next start of a hunt that ended, so far, with `conclusion`.

    A hunt that was interrupted, or whose budget was spent, goes on with all that does not look like a missing
    program. One without a clear answer keeps the verdicts of its search, and reads its endpoints, its
    confirmation and what was untestable again. One that found the endpoints not to be as they were said to
    be keeps nothing but what other commands asked for.
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
    """Whether a judgement is the same tomorrow: not if a calmer machine or a program might change it."""
    if isinstance(judgement, Undecided):
        return False
    return not (isinstance(judgement, Untestable) and _LACKS_A_PROGRAM.search(judgement.why))


def earlier(rows: Sequence[HuntRow], document: Mapping[str, Any]) -> HuntRow | None:
    """The newest of `rows` (newest first) that is written as `document`, whatever was around it.

    Keys that an earlier bisector did not know do not count.
    """
    return next((row for row in rows if _is_alike(row.document, document)), None)


def _is_alike(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    whole = ("hunt", "repository", "good", "bad", "first_parent", "paths", "predicate")
    return all(before.get(key) == now[key] for key in whole) and all(
        bool(before.get(key)) == bool(now[key])
        and (before.get(key) or {}).items() <= (now[key] or {}).items()
        for key in ("build", "test")
    )


def why_not(before: HuntRow, digests: Mapping[str, str]) -> str:
    """Why the readings of a hunt that is written the same are not those of one with these `digests`."""
    names = [name for name, digest in digests.items() if before.recipe.get(name) != digest]
    why = f"{' and '.join(names)} changed since" if before.recipe else "an earlier bisector took them"
    return f"the readings of the hunt of {clock_time(before.started)} are not used: {why}"


def why_again(row: HuntRow) -> str:
    """What is said when a hunt that had ended is taken up again; '' for one that had not."""
    if row.conclusion is None or row.finished is None:
        return ""
    at, name = clock_time(row.finished), row.conclusion.name
    return f"this hunt ended at {at} with {name}; what may have been mended since is read again ({ANEW})"


def clock_time(at: datetime) -> str:
    """The local time of a moment, with its date where that is not today's."""
    local, today = at.astimezone(), datetime.now().astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
