"""The hunt in the other direction: a regression instead of a fix, or the reverse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bisector.cli.options import Chosen
from bisector.cli.typed import typed
from bisector.errors import HistoryError, SwappedEnds
from bisector.hunt.conclusion import BadIsGood, MergeBaseIsBad
from bisector.hunt.record import HuntRecord
from bisector.hunt_file import AUTO, Hunt
from bisector.predicate import Bad, Measured

_ENDS = ("good", "bad", "old", "new", "find")


def said_to_be_swapped(chosen: Chosen, hunt: Hunt) -> str:
    """The note for a hunt whose bad revision is older than its good one."""
    command = typed(replace(chosen, values={**chosen.values, "find": "fix"}))
    ends = f"bad {hunt.bad} is older than good {hunt.good[0]}"
    return f"{ends}: looking for the commit that fixed it, as `{command}`"


@contextmanager
def ends_in_order(chosen: Chosen, hunt: Hunt) -> Iterator[None]:
    """Add to the error about ends in the wrong order the command for the other direction."""
    try:
        yield
    except SwappedEnds as error:
        command = with_ends(chosen, hunt.after, hunt.before, fix=not hunt.kinds.better)
        what = "the commit that broke it" if hunt.kinds.better else "the commit that fixed it"
        raise HistoryError(f"{error} To find {what}: {command}") from error


def other_ways(record: HuntRecord, chosen: Chosen, hunt: Hunt) -> Iterator[str]:
    """Commands that lead on from endpoints that are not what the user said."""
    old = record.good[0].short if AUTO in hunt.before else hunt.before[0]
    match record.conclusion:
        case MergeBaseIsBad(merge_base=base) if hunt.kinds.better:
            # The old end's own branch brought the bug.
            yield with_ends(chosen, base[:12], old, fix=False)
            return
        case MergeBaseIsBad(merge_base=base):
            yield with_ends(chosen, base[:12], old, fix=True)
        case BadIsGood() if _differs(record):
            yield with_ends(chosen, old, hunt.after, fix=not hunt.kinds.better)
    if not hunt.kinds.better:
        # What good has already began before it.
        said = chosen.values
        last = record.good[0].short if isinstance(record.conclusion, BadIsGood) else said.get("new")
        others = {key: value for key, value in said.items() if key not in ("old", "new")}
        yield typed(replace(chosen, values={**others, "good": [AUTO], **({"bad": last} if last else {})}))


def with_ends(chosen: Chosen, old: str, new: str | Sequence[str], *, fix: bool) -> str:
    """The command for a hunt between these ends."""
    others = {key: value for key, value in chosen.values.items() if key not in _ENDS}
    last = new if isinstance(new, str) else new[0]
    ends = {"find": "fix", "old": [old], "new": last} if fix else {"good": [old], "bad": last}
    if not fix and chosen.config is not None and chosen.values.get("find") not in ("fix", "all"):
        ends["find"] = "regression"
    return typed(replace(chosen, values={**ends, **others}))


def _differs(record: HuntRecord) -> bool:
    """Whether the old endpoint is of the new kind, so that the other direction makes sense."""
    good = [r.judgement for r in record.readings if r.commit == record.good[0].id]
    return any(isinstance(one, Bad | Measured) for one in good)
