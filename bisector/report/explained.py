"""How much of the difference between the endpoints one commit explains, and how much is left for others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bisector.hunt.conclusion import Effect, FirstBad
from bisector.hunt.record import HuntRecord

_LEAST = 1.05
"""A rest nearer to 1 than this factor is not worth another hunt, however sure it is."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The ratio of the answer, that of the endpoints, and the rest: the latter over the former."""

    step: Effect
    whole: Effect
    rest: Effect

    def __str__(self) -> str:
        """One sentence."""
        kind = "other commits make" if self.rest.ratio > 1 else "other commits take back"
        part = f"{self.step.ratio:.2f}x of the {self.whole.ratio:.2f}x between the endpoints"
        return f"It explains {part}: {kind} {max(self.rest.ratio, 1 / self.rest.ratio):.2f}x."


def explained(record: HuntRecord) -> Explained | None:
    """What a confirmed answer leaves unexplained; None if that may be nothing, or was not measured.

    The intervals of both ratios count as independent: their half widths on the log scale add in quadrature.
    """
    found, whole = record.conclusion, record.premise
    if not isinstance(found, FirstBad) or found.effect is None or whole is None:
        return None
    step = found.effect
    if not all(one.low > 0 and one.high < math.inf for one in (step, whole)):
        return None
    half = math.hypot(*(math.log(one.high / one.low) / 2 for one in (step, whole)))
    ratio = whole.ratio / step.ratio
    rest = Effect(ratio, ratio * math.exp(-half), ratio * math.exp(half), min(step.pairs, whole.pairs))
    if rest.low <= 1 <= rest.high or max(ratio, 1 / ratio) < _LEAST:
        return None
    return Explained(step, whole, rest)
