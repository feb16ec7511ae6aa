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
    """The size of the range, and the number of probes that a bisection needs."""
    every, distinct = len(plan.every_candidate), len(plan.candidates)
    same = every - distinct
    text = f"Range: {counted(every, 'commit')} reachable from {plan.terms.new} but not from {plan.terms.old}."
    text += f" One of them is the first {plan.terms.new} commit."
    if same:
        text += f" Without those that change no input of build or test ({same:,}), {distinct:,} remain."
    if distinct > 1:
        text += f" Bisecting takes about {math.ceil(math.log2(distinct))} probes."
    if record.first_parent:
        text += f" Only first parents of {plan.terms.new} were searched."
    return text


def of_step(record: HuntRecord, step: Step) -> str:
    """Why the commit was tested, the result, and what remained."""
    parts = (_reason(record, step), _outcome(record, step), _left(step))
    return " ".join(part for part in parts if part)


def ending(record: HuntRecord) -> str:
    """How the hunt ended, and how certain that is."""
    sure = findings.certainty(record)
    headline = f"{findings.headline(record)[:1].upper()}{findings.headline(record)[1:]}"
    return f"{headline}{f' ({sure})' if sure else ''}. {findings.reason(record)}"


def _reason(record: HuntRecord, step: Step) -> str:
    match step.why:
        case Why.PREMISE:
            return _of_premise(record, step)
        case Why.MERGE_BASE:
            old, new = record.terms.old, record.terms.new
            return f"{old.capitalize()} is not an ancestor of {new}, so their merge base must be {old} too."
        case Why.LEVEL:
            return "An endpoint again: the spread of its runs decides how much a reading tells."
        case Why.DOUBTED:
            return "The confirmation contradicted the search, so this was built clean and tested again."
        case Why.CONFIRMATION if step.readings[0].against or step.commit == step.readings[0].about:
            return "Confirmation: the suspected commit, built clean and tested again."
        case Why.CONFIRMATION:
            return (
                f"Confirmation: a parent of the suspected commit, built clean. It must be {record.terms.old}."
            )
    return _of_search(step, record.terms.new)


def _of_premise(record: HuntRecord, step: Step) -> str:
    if step.commit == record.bad.id:
        return f"Premise: is the {record.terms.new} endpoint {record.terms.new} on this machine?"
    if step.readings[0].against == step.commit:
        return f"Premise: the {record.terms.old} endpoint against itself. How much do runs of one build vary?"
    return f"Premise: is the {record.terms.old} endpoint {record.terms.old} on this machine?"


def _of_search(step: Step, new: str) -> str:
    if step.prospect is None or step.before is None:
        return "This commit is outside the range that was searched by then."
    bad = step.prospect.bad
    if bad > _SURE or bad < 1 - _SURE:
        text = f"{_about(step.before)} left; tested again, though already {percent(max(bad, 1 - bad))} sure"
    else:
        text = f"{_about(step.before)} left; this one was {percent(bad)} likely to be {new}"
        half = abs(bad - 0.5) <= _NEAR_HALF
        text += ", so either result would halve them" if half else ", the best test for its cost"
    text += f" ({step.prospect.bits:.2f} bits expected)."
    if step.prospect.untestable >= _MUCH:
        text += f" It was {percent(step.prospect.untestable)} likely to be untestable."
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
            return f"Untestable: {why}. That is no evidence for or against it."
        case Good(why) | Bad(why):
            kinds = {type(one) for one in judgements}
            if len(kinds) > 1:
                bad = sum(isinstance(one, Bad) for one in judgements)
                often = f"{record.terms.new.capitalize()} in {bad} of {len(judgements)} runs"
                return f"{often}; the last one: {why}."
            word = record.terms.words[type(last).__name__.lower()]
            return f"{word.capitalize()}{times}: {why}."
    side = findings.word(findings.side(record, step.readings), record.terms).capitalize()
    return f"{side} in {counted(len(judgements), 'reading')}; the last one: {last.why}."


def _measured(record: HuntRecord, step: Step) -> str:
    effect = estimate(findings.measured(step.readings))
    against = step.readings[-1].against
    parent = against and against not in {commit.id for commit in record.good}
    over = f"its parent {against[:12]}" if parent else f"the {record.terms.old} endpoint"
    figure = f"{effect.ratio:.2f} times {over}"
    if effect.pairs > 1:
        figure = f"{effect} against {over}, in {effect.pairs} pairs"
    side = findings.side(record, step.readings)
    known = step.why in (Why.HALVES, Why.DOUBTED) and side in (Side.GOOD, Side.BAD)
    return f"{findings.word(side, record.terms).capitalize()}: {figure}." if known else f"{figure}."


def _left(step: Step) -> str:
    if step.before is None or step.after is None:
        return ""
    after = step.after
    if _untestable(step):
        return "The search skips it."
    if after.probability > 0.5:
        return f"That left {after.likeliest[:12]} at {percent(after.probability)}."
    return f"That left {_about(after).lower()}."


def _untestable(step: Step) -> bool:
    return all(isinstance(reading.judgement, Untestable) for reading in step.readings)
