"""Judges one run for several targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from bisector.predicate import Bad, Good, Judgement, Measured, Options, Predicate, Run, Undecided, Untestable
from bisector.probe.execution import Execution
from bisector.probe.judge import Judge
from bisector.probe.reading import Reading
from bisector.probe.request import Request

EACH = "each target is judged by itself"
"""The reason of a joint judgement; any other one comes from the engine and holds for every target."""


class Several(Predicate[Options]):
    """Stands for the predicates of several targets while a test runs: it keeps what any of them needs.

    It ends no run early. Its judgement is the worst of theirs, so that a doubtful run is repeated.
    """

    name: ClassVar[str] = "several"
    Options = Options

    def __init__(self, whole: Predicate[Any], each: Mapping[str, Predicate[Any]]) -> None:
        super().__init__(Options())
        self._whole = whole
        self._each = each
        self.paired = whole.paired  # type: ignore[misc]

    @property
    def patterns(self) -> tuple[str, ...]:
        """The lines that the predicate needs, whichever target it judges."""
        return self._whole.patterns

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the predicate needs."""
        return self._whole.files

    @property
    def by_wall_clock(self) -> bool:
        """As the predicate of each target."""
        return bool(self._whole.by_wall_clock)

    @property
    def believes_failures(self) -> bool:
        """As the predicate of each target."""
        return self._whole.believes_failures

    @property
    def runs_to_the_end(self) -> bool:
        """No run ends early, since one target's answer says nothing about another's."""
        return True

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The worst judgement of any target (of the whole test if there is none yet), with the reason `EACH`.

        It tells whether the test misses an output of the build, which changes some target's judgement.
        """
        told = told_by(self._whole, run)
        judged = [told[target] for target in self._each if target in told]
        if not judged:
            judged = [predicate.judge(run, baseline) for predicate in self._each.values() or (self._whole,)]
        ratios = [one.value for one in judged if isinstance(one, Measured)]
        if any(isinstance(one, Bad) for one in judged):
            return Bad(EACH)
        if ratios:
            return Measured(max(ratios), EACH)
        untestable = bool(judged) and all(isinstance(one, Untestable) for one in judged)
        return Untestable(EACH) if untestable else Good(EACH)


def told_by(whole: Predicate[Any], run: Run) -> Mapping[str, Judgement]:
    """What the run says of each target by its full name; empty if only the predicate of each can tell.

    Reading the results of a large suite takes long, and this reads them once for all targets.
    """
    if whole.paired or whole.reviews:
        return {}
    try:
        return whole.outcomes(run, None)
    except ValueError:
        return {}


def not_run(reading: Reading, requests: Mapping[str, Request]) -> dict[str, Reading]:
    """The reading of a commit that did not reach its test, for the other targets that ask for it."""
    return {
        target: replace(reading, role=request.role, about=request.about, against=request.against)
        for target, request in requests.items()
    }


def readings_of(
    joint: Reading,
    asked: Mapping[str, Request],
    whole: Predicate[Any],
    each: Mapping[str, Predicate[Any]],
) -> dict[str, Reading]:
    """The reading of every target that was `asked`, from one joint reading.

    `whole` is the predicate of the whole test, `each` that of each target. What the engine found (a build
    that fails, a test that cannot run or got no fair run) holds for all.
    """
    judgement = joint.judgement
    by_engine = joint.run is None or judgement.why != EACH or isinstance(judgement, Undecided)
    told = told_by(whole, joint.run) if joint.run is not None and not by_engine else {}
    return {
        target: replace(
            joint,
            role=request.role,
            about=request.about,
            against=request.against,
            judgement=judgement if by_engine else told.get(target) or _judged(joint, request, each[target]),
            run=joint.run if joint.reference or joint.run is None else replace(joint.run, files={}),
        )
        for target, request in asked.items()
    }


def _judged(joint: Reading, request: Request, predicate: Predicate[Any]) -> Judgement:
    assert joint.run is not None
    baseline = Execution(joint.reference) if joint.reference else None
    return Judge(predicate).judgement(Execution(joint.run), baseline, request.ends_with(joint.run))
