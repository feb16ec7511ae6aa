"""Several probes at once, chosen by what they tell together."""

from __future__ import annotations

import numpy as np

from bisector.search.choice import Situation
from bisector.search.outcomes import GOOD_END


def choose_batch(situation: Situation, k: int) -> list[int]:
    """The k best commits one by one."""
    score = situation.score(situation.gains.bits)
    order = np.argsort(-score, kind="stable")[:k]
    return [GOOD_END if i == len(score) - 1 else int(i) for i in order if score[i] > 0]
