"""The verdict on one commit from its readings, where only good, bad or untestable is allowed."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.premise import measured, read_enough
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Good, Measured, Undecided, Untestable
from bisector.probe.reading import Reading


def verdict(
    readings: Sequence[Reading], repeats: Repeats, ratio: float | None
) -> Good | Bad | Untestable | None:
    """The verdict; None if one more reading is needed.

    Paired readings are taken one by one until the 95% interval of their ratio lies on one side of the
    smallest regression wanted (`ratio`). Checking it after each pair errs more often than checking once, but
    only for commits close to that ratio. If the interval still contains the ratio after `repeats.most` pairs,
    the commit is untestable: a skip costs git one more commit, a wrong verdict costs the whole search.
    """
    if not readings:
        return None
    last = readings[-1].judgement
    if not isinstance(last, Measured):
        return last
    if ratio is None:
        return Undecided(f"it was measured ({last.why}), but there is no reference to compare it with")
    if not read_enough(readings, repeats):
        return None
    effect = estimate(measured(readings))
    told = f"{effect} the reference in {effect.pairs} pairs; the hunt asks for {ratio:.2f}x"
    if effect.low > ratio:
        return Bad(told)
    if effect.high < ratio:
        return Good(told)
    return Undecided(f"{told}: neither good nor bad") if effect.pairs >= repeats.most else None
