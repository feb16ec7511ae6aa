"""Every step of a range in words."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from bisector.hunt.conclusion import ChangePoint, Steps
from bisector.terms import FIX, REGRESSION, Terms


def in_one_line(found: Steps, terms: Terms = REGRESSION) -> str:
    """`2 steps: 1.60x at 3f2a9c, 1.60x at 81b0e4, together 2.56x`; for verdicts `bad at`, `fixed at`.

    A user's own `terms` are the words for verdicts.
    """
    count = "1 step" if len(found.steps) == 1 else f"{len(found.steps)} steps"
    if not found.steps:
        return "no step found"
    listed = ", ".join(_short(step, terms) for step in found.steps)
    together = f", together {found.together.ratio:.2f}x" if found.together and len(found.steps) > 1 else ""
    return f"{count}: {listed}{together}"


def _short(step: ChangePoint, terms: Terms) -> str:
    back = FIX.new if terms.old == REGRESSION.old else terms.old
    kind = f"{step.effect.ratio:.2f}x" if step.effect else back if step.better else terms.new
    first = step.commits[0][:12]
    if len(step.commits) > 1:
        return f"{kind} at one of {len(step.commits)} from {first}"
    return f"{kind} at {first}" if step.confirmed else f"{kind} at {first} (not confirmed)"


def steps_reason(found: Steps, candidates: Sequence[str], tested: Collection[str]) -> str:
    """What is sure, what is open, and how far apart tested commits are: steps between may cancel out."""
    sure = all(step.confirmed for step in found.steps)
    parts = ["Each of them was tested again next to its parents." if sure else "Not every step is confirmed."]
    parts += [f"No answer {sentence}." for sentence in found.open]
    gap = _longest_gap(candidates, tested)
    if gap:
        commits = "commit" if gap == 1 else "commits"
        parts.append(
            f"Steps that cancel out between two tested commits are not seen; at most {gap:,} {commits} in a "
            "row were not tested, or could not be."
        )
    return " ".join(parts)


def _longest_gap(candidates: Sequence[str], tested: Collection[str]) -> int:
    runs = (len([*group]) for hit, group in itertools.groupby(candidates, tested.__contains__) if not hit)
    return max(runs, default=0)
