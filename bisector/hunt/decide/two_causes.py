"""Whether verdicts contradict an answer because there are several causes, not because the test is flaky.

A flaky test gives both verdicts at one commit. If two branches broke, or a bug was fixed and came back, each
commit has its own verdict every time, and only the history contradicts a single first bad commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bisector.hunt.conclusion import FirstBad, Inconclusive
from bisector.hunt.decide.failure_rates import Runs
from bisector.hunt.plan import Plan
from bisector.probe.reading import Reading

_DOUBT = 0.01
"""Probability below which a flaky test does not explain all the runs of one commit."""
_MOST_RUNS = 10
_LEAST_TELLING = 0.5
"""A failure rate for which a few runs tell: a test that fails less often passes several times by chance."""


def of_two_causes(plan: Plan, answer: FirstBad, readings: Sequence[Reading]) -> Inconclusive | Sequence[str]:
    """Inconclusive if a commit contradicts the answer in all its runs; else commits to run again for that.

    Nothing is asked if any commit was seen to give both verdicts.
    """
    runs = _runs_by_commit(readings)
    if any(one.differ for one in runs.values()):
        return ()
    bad_side = _with_descendants(plan, answer.commit)
    rates = {
        True: _rate(runs, (answer.commit, plan.bad)),
        False: _rate(runs, (plan.good[0], *answer.parents_good)),
    }
    again = []
    for commit, own in _contradicting(runs, bad_side, plan):
        wrong = rates[False] if own.bad else 1 - rates[True]
        if wrong**own.all < _DOUBT:
            verdict = plan.terms.new if own.bad else plan.terms.old
            return Inconclusive(
                f"{answer.commit[:12]} is not the only cause: {commit[:12]} is {verdict} in all its "
                f"{own.all} runs, and no commit gave both verdicts; find every step with `--all`",
                (answer.commit,),
                (answer.probability,),
            )
        if wrong <= _LEAST_TELLING and own.all < _MOST_RUNS:
            again.append(commit)
    return again


def _contradicting(runs: dict[str, Runs], bad_side: set[str], plan: Plan) -> Iterator[tuple[str, Runs]]:
    for commit in plan.every_candidate.ids:
        own = runs.get(commit, Runs())
        if own.all and bool(own.bad) != (commit in bad_side):
            yield commit, own


def _runs_by_commit(readings: Sequence[Reading]) -> dict[str, Runs]:
    found: dict[str, Runs] = {}
    for reading in readings:
        found[reading.commit] = found.get(reading.commit, Runs()) + Runs.of([reading.judgement])
    return found


def _rate(runs: dict[str, Runs], commits: Sequence[str]) -> float:
    """The rate at which these commits fail (Laplace's rule of succession)."""
    together = sum((runs.get(commit, Runs()) for commit in dict.fromkeys(commits)), Runs())
    return (together.bad + 1) / (together.all + 2)


def _with_descendants(plan: Plan, commit: str) -> set[str]:
    candidates, found = plan.every_candidate, {commit}
    for own, parents in zip(candidates.ids, candidates.parents, strict=True):
        if any(candidates.ids[parent] in found for parent in parents):
            found.add(own)
    return found
