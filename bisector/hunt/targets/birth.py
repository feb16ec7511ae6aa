"""Where a target that good does not have begins: its hunt starts there, not at good.

Whether a commit has the target is searched like a regression: a commit with a result of it counts as new, one
that was tested without a result of it as old. The answer is only a better good endpoint, which the premise of
the target's own hunt tests again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bisector import search as core
from bisector.hunt.conclusion import Conclusion, Inconclusive
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.targets.asking import Ask
from bisector.predicate import Bad, Good, Undecided, Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

Read = Callable[[Ask], Iterable[Mapping[str, Reading]]]


@dataclass(frozen=True, slots=True)
class Birth:
    """Where a target begins: `good` is a commit that it passes at, empty if none was seen.

    `first` is the first commit with a result of it, empty if only one of several is known; `why` is a
    sentence about a target that has no hunt of its own.
    """

    target: str
    good: str = ""
    first: str = ""
    why: str = ""

    def document(self) -> dict[str, Any]:
        """For the journal, as JSON values."""
        return asdict(self)


def is_young(conclusion: Conclusion | None, known: Known, plan: Plan) -> bool:
    """Whether a target fails at bad, and good was tested but has no result of it."""
    if plan.ratio is not None or not isinstance(conclusion, Inconclusive):
        return False
    good, bad = known.of(plan.good[0]), known.of(plan.bad)
    return (
        bool(good)
        and all(_has(reading) is False for reading in good)
        and any(isinstance(reading.judgement, Bad) for reading in bad)
    )


def births(plan: Plan, known: Mapping[str, Known], take: Read, spent: Callable[[], bool]) -> dict[str, Birth]:
    """Search where each of these targets begins, with shared runs; those left when time is over are missing.

    `take` runs and records what is asked for; `known` are the readings so far.
    """
    line = plan.every_candidate
    position = {commit: at for at, commit in enumerate(line.ids)}
    searches = {target: core.Search(core.CommitGraph(line.parents)) for target in known}
    readings = {target: [r for r in one.readings if r.commit in position] for target, one in known.items()}
    for target, own in readings.items():
        for reading in own:
            _observe(searches[target], position[reading.commit], reading)
    while open_ := [target for target, one in searches.items() if one.conclusion is None]:
        if spent():
            break
        (at, *_) = searches[open_[0]].propose()
        if at == core.GOOD_END:
            break
        request = Request(line.ids[at], Role.SEARCH, targets=tuple(open_))
        for found in take(Ask(request, dict.fromkeys(open_, request))):
            for target, reading in found.items():
                readings[target].append(reading)
                _observe(searches[target], at, reading)
    return {
        target: _birth(target, line.ids, one.conclusion, readings[target])
        for target, one in searches.items()
        if one.conclusion is not None
    }


def _has(reading: Reading) -> bool | None:
    """Whether a commit has the target; None if it could not be tested."""
    if reading.run is None or isinstance(reading.judgement, Undecided):
        return None
    return not isinstance(reading.judgement, Untestable)


def _observe(search: core.Search, at: int, reading: Reading) -> None:
    has = _has(reading)
    search.observe(at, core.Untestable() if has is None else core.Bad() if has else core.Good())


def _birth(
    target: str, ids: Sequence[str], found: core.Conclusion | None, readings: Sequence[Reading]
) -> Birth:
    """What the search found; the hunt begins at the first commit that passes."""
    first = ids[found.commit] if isinstance(found, core.FirstBad) else ""
    passes = {reading.commit for reading in readings if isinstance(reading.judgement, Good)}
    good = next((commit for commit in ids if commit in passes), "")
    if good:
        return Birth(target, good, first)
    where = f"since {first[:12]}" if first else "at bad"
    return Birth(
        target,
        first=first,
        why=f"{target!r} fails {where}, and every tested commit fails too or has no result of it. If it was "
        "added as it is, nothing broke it; to hunt what it tests, bring today's test to older commits with "
        "`overlay: [{copy: ITS FILE, from: bad}]`. If the runner names only tests that fail, let it name all",
    )
