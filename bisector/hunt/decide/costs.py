"""What probes cost, learned from the readings so far, and how much of that the choice may go by.

A bad probe that costs `CLEAR_SAVING` good ones or more is weighed at what it costs. One that costs less is
weighed so only as far as the search is expected to take no more probes than halving the whole range would.

What is learned is rounded, so that one more reading seldom changes what is asked for next: builds ahead of
the search rest on that, and a fifth more or less of a cost moves the best split by next to nothing.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bisector import search as core
from bisector.history.candidates import Candidates
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Measured
from bisector.probe.early import CLEAR
from bisector.probe.reading import BuildKind, Reading, Role

CLEAR_SAVING = 4.0
"""From here on going by the costs saves 11% of the seconds on 120 commits, 14% on long ranges, for 14 and 18%
more probes; the dearer, the more of both."""
NEARLY_EVEN = 1.1
"""So little always counts, as it costs no probes."""
_LEAST_SECONDS = 1e-3
_STEP = math.sqrt(2)
"""What costs are rounded by."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Seconds:
    """Medians of what was seen; a kind that was not seen yet is taken from the nearest one that was."""

    good: float
    bad: float
    build: float
    """Building a commit that is not built, in a slot that was used before where there was one."""
    again: float
    """Building for a further reading of a commit."""
    failed: float | None
    """A build that fails, None where none did."""


def costs_of(
    plan: Plan,
    known: Known,
    candidates: Candidates | None = None,
) -> core.Costs:
    """The costs to choose the next probe by; `candidates` (None: the plan's) are the commits searched.

    The same readings give the same costs, so that a hunt taken up again asks for the same commit.
    """
    searched = candidates if candidates is not None else plan.candidates
    seconds = seconds_of(plan, known)
    if seconds is None:
        return core.Costs()
    allowed = allowed_weight(len(searched), len(plan.every_candidate))
    good, bad = _weighed(seconds, allowed)
    return core.Costs(
        good=good,
        bad=bad,
        build=seconds.build,
        repeat=seconds.again,
        untestable=_rounded_share(seconds.failed, seconds.build + min(good, bad)),
    )


def seconds_of(plan: Plan, known: Known) -> Seconds | None:
    """What tests and builds took, by outcome and kind; None before the first test.

    A run that was ended early or timed out counts with what it took, one that is another commit's not at all.
    """
    hunted = [r for r in known.readings if r.role is not Role.VERIFICATION and not r.shared]
    tests: dict[bool, list[float]] = {False: [], True: []}
    served: set[tuple[float, float]] = set()
    middle = _middle(plan, hunted)
    for reading in hunted:
        side = _is_bad(plan, reading, middle)
        if side is not None and reading.run is not None:
            tests[side].append(reading.run.wall)
            # A run of the reference may serve several readings.
            of_reference = reading.reference
            if of_reference is not None and (of_reference.wall, of_reference.user) not in served:
                served.add((of_reference.wall, of_reference.user))
                tests[side][-1] += of_reference.wall
    if not tests[False] and not tests[True]:
        return None
    build = _median(
        _builds(hunted, BuildKind.INCREMENTAL, BuildKind.NONE),
        _builds(hunted, BuildKind.CLEAN),
        _builds(hunted, BuildKind.RESTORED),
    )
    failed = [r.build_seconds for r in hunted if r.run is None and r.build_seconds > 0]
    failed += [fact.seconds for fact in known.untestable]
    return Seconds(
        good=max(_median(tests[False], tests[True]), _LEAST_SECONDS),
        bad=max(_median(tests[True], tests[False]), _LEAST_SECONDS),
        build=build,
        again=min(_median(_again(hunted)), build),
        failed=_median(failed) if failed else None,
    )


def _is_bad(plan: Plan, reading: Reading, middle: float) -> bool | None:
    """The side whose test a reading shows the cost of; None where it is of neither."""
    match reading.judgement:
        case Good():
            return False
        case Bad():
            return True
        case Measured(value):
            return reading.commit == plan.bad or (reading.commit not in plan.good and value > middle)
    return None


def _middle(plan: Plan, readings: Sequence[Reading]) -> float:
    """Half way, as ratios go, from the good endpoint's measured values to the bad one's."""
    values = [
        r.judgement.value for r in readings if r.commit == plan.bad and isinstance(r.judgement, Measured)
    ]
    return math.sqrt(statistics.median(values)) if values else CLEAR


def _builds(readings: Sequence[Reading], *kinds: BuildKind) -> list[float]:
    """Seconds of the builds of these kinds; a commit laid out where there is no build counts as built."""
    return [
        reading.build_seconds
        for reading in readings
        if reading.run is not None and reading.build_seconds > 0 and reading.build in kinds
    ]


def _again(readings: Sequence[Reading]) -> list[float]:
    """Build seconds of every reading of a commit but its first (and those built clean on purpose)."""
    seen: set[str] = set()
    seconds: list[float] = []
    for reading in readings:
        if reading.commit in seen and reading.role is not Role.CONFIRMATION:
            seconds.append(reading.build_seconds)
        seen.add(reading.commit)
    return seconds


def _median(*kinds: Sequence[float]) -> float:
    """Of the first kind that was seen; 0 where none was."""
    return next((statistics.median(seconds) for seconds in kinds if seconds), 0.0)


def _weighed(seconds: Seconds, allowed: float) -> tuple[float, float]:
    """A good and a bad test, the dearer one no dearer than its weight allows, its build included."""
    good, bad, build = seconds.good, seconds.bad, seconds.build
    if bad >= good:
        return good, weight((build + bad) / (build + good), allowed) * (build + good) - build
    return weight((build + good) / (build + bad), allowed) * (build + bad) - build, bad


def weight(ratio: float, allowed: float) -> float:
    """How much dearer than another a probe counts that is `ratio` times as dear (1 and above), rounded."""
    if ratio >= CLEAR_SAVING:
        return max(_rounded(ratio, round), CLEAR_SAVING)
    most = min(ratio, allowed)
    return max(_rounded(most, math.floor), min(most, NEARLY_EVEN))


def _rounded(ratio: float, to_whole: Callable[[float], int]) -> float:
    """To a whole power of the step."""
    return float(_STEP ** to_whole(math.log(ratio, _STEP) + _ROUNDING))


def _rounded_share(part: float | None, whole: float) -> float | None:
    return part and _rounded(part / whole, round) * whole


def allowed_weight(searched: int, whole: int) -> float:
    """The weight by which a search of `searched` commits takes the probes of halving `whole` ones.

    With a bad probe c times as dear the best split has p = P(bad) with ln p = c ln (1 - p) (Kapoor and
    Reingold, 1989), so that log2(searched) / H(p) probes are expected; log2(whole) by halving.
    """
    bits = math.log2(max(searched, 2)) / math.log2(max(whole, searched, 2))
    low, high = 1e-9, 0.5
    for _ in range(60):
        p = (low + high) / 2
        low, high = (p, high) if _entropy(p) < bits else (low, p)
    return max(math.log(high) / math.log1p(-high), NEARLY_EVEN)


def _entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)
