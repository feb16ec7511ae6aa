"""The steps of a hunt in plain words."""

from __future__ import annotations

import math

from bisector.hunt.decide.effect import estimate
from bisector.hunt.explanation import State, Step, Why
from bisector.hunt.plan import Plan
from bisector.hunt.record import HuntRecord
from bisector.predicate import Bad, Good, Measured, Undecided, Untestable
from bisector.report import findings
from bisector.report.findings import Side, counted, percent

_NEAR_HALF = 0.1
_MUCH = 0.15
_SURE = 0.9


def opening(record: HuntRecord, plan: Plan) -> str:
    """What there was to search, and how few probes it can take."""
    every, distinct = len(plan.every_candidate), len(plan.candidates)
    same = every - distinct
    text = f"Reachable from bad and not from good: {counted(every, 'commit')}, the first bad one among them."
    if same:
        text += f" In {same:,} of them no input of build and test changes: {distinct:,} are left."
    if distinct > 1:
        text += f" Halving takes about {math.ceil(math.log2(distinct))} probes."
    if record.first_parent:
        text += " Only bad's own branch was looked at."
    return text


def of_step(record: HuntRecord, step: Step) -> str:
    """Why the commit was read, what came out, and what that left."""
    parts = (_reason(record, step), _outcome(record, step), _left(step))
    return " ".join(part for part in parts if part)


def ending(record: HuntRecord) -> str:
    """How the hunt ended, and how sure that is."""
    sure = findings.certainty(record)
    told = f"{findings.headline(record)[:1].upper()}{findings.headline(record)[1:]}"
    return f"{told}{f' ({sure})' if sure else ''}. {findings.reason(record)}"


def _reason(record: HuntRecord, step: Step) -> str:
    match step.why:
        case Why.PREMISE:
            return _of_premise(record, step)
        case Why.MERGE_BASE:
            return "Good is no ancestor of bad, so where the two part has to be good as well."
        case Why.LEVEL:
            return "An end of the range again: how far its runs spread decides what all readings are worth."
        case Why.DOUBTED:
            return "The confirmation contradicted the search, so this was built clean and read once more."
        case Why.CONFIRMATION if step.readings[0].against or step.commit in findings.suspects(record):
            return "The answer itself, built clean and run again to be sure of it."
        case Why.CONFIRMATION:
            return "A parent of the answer, built clean: it has to be good."
    return _of_search(step)


def _of_premise(record: HuntRecord, step: Step) -> str:
    if step.commit == record.bad.id:
        return "The bad end, before all else: is it bad here?"
    if step.readings[0].against == step.commit:
        return "The good end against itself, before all else: how far do runs of one build spread?"
    return "The good end, before all else: is it good here?"


def _of_search(step: Step) -> str:
    if step.prospect is None or step.before is None:
        return "It is outside of what was searched by then."
    bad = step.prospect.bad
    if bad > _SURE or bad < 1 - _SURE:
        text = f"{_about(step.before)} left; once more at {percent(max(bad, 1 - bad))} sure, to be surer"
    else:
        text = f"{_about(step.before)} left, and it was bad with {percent(bad)}"
        half = abs(bad - 0.5) <= _NEAR_HALF
        text += ": either answer was to halve them" if half else ": it told most for its time"
    text += f" ({step.prospect.bits:.2f} bit expected)."
    if step.prospect.untestable >= _MUCH:
        text += f" That it could not be tested was {percent(step.prospect.untestable)} likely."
    return text


def _about(state: State) -> str:
    return f"About {counted(round(state.candidates), 'candidate')}"


def _outcome(record: HuntRecord, step: Step) -> str:
    judgements = [reading.judgement for reading in step.readings]
    last = judgements[-1]
    times = f" ({len(judgements)} times)" if len(judgements) > 1 else ""
    if all(isinstance(one, Measured) for one in judgements):
        return _measured(record, step)
    match last:
        case Undecided(why):
            return f"No run was fair{times}: {why}."
        case Untestable(why):
            return f"It could not be tested: {why}. That says nothing for or against it."
        case Good(why) | Bad(why):
            kinds = {type(one) for one in judgements}
            if len(kinds) > 1:
                bad = sum(isinstance(one, Bad) for one in judgements)
                return f"Bad {bad} of {len(judgements)} times; the last: {why}."
            return f"{type(last).__name__}{times}: {why}."
    side = findings.side(record, step.readings).value.capitalize()
    return f"{side} in {counted(len(judgements), 'reading')}, the last: {last.why}."


def _measured(record: HuntRecord, step: Step) -> str:
    effect = estimate(findings.measured(step.readings))
    against = step.readings[-1].against
    parent = against and against not in {commit.id for commit in record.good}
    over = f"its parent {against[:12]}" if parent else "the good end, run in turn with it"
    figure = f"{effect.ratio:.2f} times {over}"
    if effect.pairs > 1:
        figure = f"{effect} of {over}, in {effect.pairs} pairs"
    side = findings.side(record, step.readings)
    known = step.why in (Why.HALVES, Why.DOUBTED) and side in (Side.GOOD, Side.BAD)
    return f"{side.value.capitalize()}: {figure}." if known else f"{figure}."


def _left(step: Step) -> str:
    if step.before is None or step.after is None:
        return ""
    after = step.after
    if _untestable(step):
        return "The search went around it."
    if after.probability > 0.5:
        return f"That left {after.likeliest[:12]} with {percent(after.probability)}."
    return f"That left {_about(after).lower()}."


def _untestable(step: Step) -> bool:
    return all(isinstance(reading.judgement, Untestable) for reading in step.readings)
