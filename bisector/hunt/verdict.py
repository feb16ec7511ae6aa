"""What readings of one commit say when nothing but good, bad or untestable will do."""

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
    """The verdict, None where one more reading is needed.

    Paired readings are taken one by one until the 95% interval of their ratio lies on one side of the
    smallest regression wanted (`ratio`). Looked at after each pair, it misleads more often than one interval
    would, if only about commits close to that ratio. Where it still holds the ratio after `repeats.most`
    pairs the commit is untestable: a skip costs git another commit, a wrong verdict the whole search.
    """
    if not readings:
        return None
    last = readings[-1].judgement
    if not isinstance(last, Measured):
        return last
    if ratio is None:
        return Undecided(f"it was measured ({last.why}), and there is nothing to hold that against")
    if not read_enough(readings, repeats):
        return None
    effect = estimate(measured(readings))
    told = f"{effect} the reference in {effect.pairs} pairs, and the hunt asks for {ratio:.2f}x"
    if effect.low > ratio:
        return Bad(told)
    if effect.high < ratio:
        return Good(told)
    return Undecided(f"{told}: that tells neither good nor bad") if effect.pairs >= repeats.most else None
