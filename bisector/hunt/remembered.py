"""What a hunt takes over from its earlier starts, and what it reads again because it may have been mended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive
from bisector.hunt.outlook import SPENT
from bisector.predicate import Undecided, Untestable
from bisector.probe.reading import Reading, Role

ANEW = "`--restart` begins anew"

_LACKS_A_PROGRAM = re.compile(r"\b12[67]\b|not found|No such file|Permission denied")
"""In why a commit is untestable: the shell's exit codes for programs, and what shells and make say."""


def lasts(conclusion: Conclusion | None) -> bool:
    """Whether the same command is answered from the journal: only by a first bad commit, confirmed.

    Everything else may have been the machine's fault: a service that was down, a tool that was missing.
    """
    return isinstance(conclusion, FirstBad) and conclusion.confirmed


def counts(reading: Reading, conclusion: Conclusion | None) -> bool:
    """Whether a reading still counts at the next start of a hunt that ended, so far, with `conclusion`.

    A hunt that was interrupted, or whose budget was spent, goes on with all that does not look like a missing
    program. One without a clear answer keeps the verdicts of its search, and reads its endpoints, its
    confirmation and what was untestable again. One that found the endpoints not to be as they were said to
    be keeps nothing but what other commands asked for.
    """
    if reading.role is Role.VERIFICATION:
        return True
    if not lasting(reading):
        return False
    if conclusion is None or (isinstance(conclusion, Inconclusive) and conclusion.why == SPENT):
        return True
    unclear = isinstance(conclusion, FirstBad | AnyOf | Inconclusive)
    return unclear and reading.role is Role.SEARCH and not isinstance(reading.judgement, Untestable)


def lasting(reading: Reading) -> bool:
    """Whether a reading says the same tomorrow: not if a calmer machine or a program might change it."""
    judgement = reading.judgement
    if isinstance(judgement, Undecided):
        return False
    return not (isinstance(judgement, Untestable) and _LACKS_A_PROGRAM.search(judgement.why))


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the ingredients that differ between two recipes."""
    return [name for name, digest in now.items() if before.get(name) != digest]


def clock_time(at: datetime) -> str:
    """The local time of a moment, with its date where that is not today's."""
    local, today = at.astimezone(), datetime.now().astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
