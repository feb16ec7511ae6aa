"""What to say of a target that cannot be judged at an endpoint: most often its name is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bisector.hunt.conclusion import Conclusion, Inconclusive
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Untestable
from bisector.probe import selection
from bisector.probe.reading import Role


def said_of(target: str, conclusion: Conclusion, known: Known, plan: Plan, check: str) -> Conclusion:
    """The conclusion; if the target has no judgement at an endpoint, with the ends at which it has one.

    `check` says what to check if it has none at either end.
    """
    good, bad = (_judgements(known, end) for end in (plan.good[0], plan.bad))
    if not isinstance(conclusion, Inconclusive) or not (_is_missing(good) or _is_missing(bad)):
        return conclusion
    if not good or not bad:
        return conclusion
    if _is_missing(good) and _is_missing(bad):
        why = f"{target!r} cannot be judged at either end ({_why(good)}): {check}"
    elif _is_missing(good):
        is_searched = isinstance(bad[-1], Bad) and plan.ratio is None
        fails = "fails" if isinstance(bad[-1], Bad) else "passes"
        remedy = (
            "where it begins is searched after the others"
            if is_searched
            else "if it was added or renamed since, hunt it alone from a later commit that has it, named "
            "with --good"
        )
        why = f"{target!r} {fails} at bad and cannot be judged at good ({_why(good)}): {remedy}"
    else:
        passes = "passes" if isinstance(good[-1], Good) else "fails"
        why = (
            f"{target!r} {passes} at good and cannot be judged at bad ({_why(bad)}): if it was removed or "
            "renamed since, name an earlier commit that has it with --bad"
        )
    return replace(conclusion, why=why)


def what_to_check(command: selection.Command, *, is_script: bool) -> str:
    """What may be wrong with a target that no endpoint tells of; `command` is that of its test."""
    if is_script:
        return "check its command in `scripts`"
    hint = ", and that `test.command` asks for it as the runner wants it in place of {targets}"
    return f"check the name{hint if selection.selects(command) else ''}"


def _judgements(known: Known, end: str) -> list[Judgement]:
    return [reading.judgement for reading in known.of(end, Role.PREMISE)]


def _is_missing(judgements: Sequence[Judgement]) -> bool:
    return bool(judgements) and all(isinstance(one, Untestable) for one in judgements)


def _why(judgements: Sequence[Judgement]) -> str:
    return judgements[-1].why
