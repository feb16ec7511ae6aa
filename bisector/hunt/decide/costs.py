"""What probes cost, learned from the readings so far, and how much the choice of the next probe uses that.

A bad probe that costs `CLEAR_SAVING` good ones or more gets its full weight. A cheaper one gets only as much
weight as keeps the expected number of probes within that of halving the whole range.

Costs are rounded, so that one more reading seldom changes the next request: prefetched builds depend on
that, and a 20% change of a cost hardly moves the best split.
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
"""From this ratio, using costs saves 11% of the time on 120 commits and 14% on long ranges, for 14% and 18%
more probes; higher ratios raise both."""
NEARLY_EVEN = 1.1
"""A ratio this small always counts, because it costs no probes."""
_LEAST_SECONDS = 1e-3
_STEP = math.sqrt(2)
"""Costs are rounded to powers of this."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Seconds:
    """Median seconds observed; a kind not observed yet takes the value of the nearest kind that was."""

    good: float
    bad: float
    build: float
    """Building a commit that is not built yet, in a used slot if there was one."""
    again: float
    """Building for another reading of the same commit."""
    failed: float | None
    """A build that fails; None if none did."""


def costs_of(
    plan: Plan,
    known: Known,
    candidates: Candidates | None = None,
) -> core.Costs:
    """The costs for choosing the next probe; `candidates` (None: the plan's) are the commits searched.

    The same readings give the same costs, so that a resumed hunt asks for the same commit.
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
    """How long tests and builds took, by outcome and kind; None before the first test.

    A run that was ended early or timed out counts as long as it took; a run shared by another commit does
    not count.
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
    """Whether a reading shows the cost of a bad test (True) or of a good one (False); None for neither."""
    match reading.judgement:
        case Good():
            return False
        case Bad():
            return True
        case Measured(value):
            return reading.commit == plan.bad or (reading.commit not in plan.good and value > middle)
    return None


def _middle(plan: Plan, readings: Sequence[Reading]) -> float:
    """The geometric midpoint between the measured values of the good and of the bad endpoint."""
    values = [
        r.judgement.value for r in readings if r.commit == plan.bad and isinstance(r.judgement, Measured)
    ]
    return math.sqrt(statistics.median(values)) if values else CLEAR


def _builds(readings: Sequence[Reading], *kinds: BuildKind) -> list[float]:
    """Seconds of the builds of these kinds; without a build command, checking out counts as building."""
    return [
        reading.build_seconds
        for reading in readings
        if reading.run is not None and reading.build_seconds > 0 and reading.build in kinds
    ]


def _again(readings: Sequence[Reading]) -> list[float]:
    """Build seconds of every reading of a commit except its first and those built clean on purpose."""
    seen: set[str] = set()
    seconds: list[float] = []
    for reading in readings:
        if reading.commit in seen and reading.role is not Role.CONFIRMATION:
            seconds.append(reading.build_seconds)
        seen.add(reading.commit)
    return seconds


def _median(*kinds: Sequence[float]) -> float:
    """The median of the first kind that was observed; 0 if none was."""
    return next((statistics.median(seconds) for seconds in kinds if seconds), 0.0)


def _weighed(seconds: Seconds, allowed: float) -> tuple[float, float]:
    """Costs of a good and a bad test; the weight, build included, caps the more expensive one."""
    good, bad, build = seconds.good, seconds.bad, seconds.build
    if bad >= good:
        return good, weight((build + bad) / (build + good), allowed) * (build + good) - build
    return weight((build + good) / (build + bad), allowed) * (build + bad) - build, bad


def weight(ratio: float, allowed: float) -> float:
    """The weight of a probe that costs `ratio` (at least 1) times as much as another, rounded."""
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
    """The weight at which a search of `searched` commits takes as many probes as halving `whole` commits.

    If a bad probe costs c times a good one, the best split has p = P(bad) with ln p = c ln (1 - p) (Kapoor
    and Reingold, 1989) and takes log2(searched) / H(p) probes on average; halving takes log2(whole).
    """
    bits = math.log2(max(searched, 2)) / math.log2(max(whole, searched, 2))
    low, high = 1e-9, 0.5
    for _ in range(60):
        p = (low + high) / 2
        low, high = (p, high) if _entropy(p) < bits else (low, p)
    return max(math.log(high) / math.log1p(-high), NEARLY_EVEN)


def _entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)
