"""Judges a test while it runs and after it ends, and tells whether the judgement is reliable."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from bisector.errors import UsageError
from bisector.predicate import Bad, Ends, Good, Judgement, Measured, Predicate, Run, Untestable
from bisector.probe.early import (
    SPREAD,
    Endpoints,
    bad_before_its_end,
    bar,
    ended_at,
    least_of,
    standing_bar,
    watching,
)
from bisector.probe.exact_figures import figures_repeat
from bisector.probe.execution import Execution
from bisector.probe.fairness import doubt
from bisector.probe.supervision import EarlyJudgement, Watch
from bisector.probe.turned import own_judgement

_UNKNOWN = Ends()


class Judge:
    """Judges tests by `predicate`.

    A test is stopped early once its judgement is certain. With `full_run` it is never stopped as good, and
    without a reference never by comparison with the endpoints.
    """

    def __init__(self, predicate: Predicate[Any], *, full_run: bool = False) -> None:
        self.predicate = predicate
        self._full_run = full_run

    def watch(self, endpoints: Endpoints | None = None, baseline: Run | None = None) -> Watch:
        """A watch that stops a run once its judgement is certain; `baseline` is the run of its reference."""
        if self._full_run and baseline is None:
            endpoints = None
        return watching(self._certain, self.predicate, endpoints, baseline)

    def _certain(self, run: Run) -> EarlyJudgement | None:
        judgement = self.predicate.watch(run)
        if judgement is None or not self._full_run:
            return judgement
        return None if isinstance(own_judgement(self.predicate, judgement), Good) else judgement

    def judgement_of_pair(
        self, execution: Execution, baseline: Execution, endpoints: Endpoints, ends: Ends = _UNKNOWN
    ) -> Judgement:
        """`judgement` of a run watched with this reference.

        Bad if it was certain to be bad, went on to be measured, and has no figure in the end.
        """
        judgement = self.judgement(execution, baseline, ends)
        if not isinstance(judgement, Untestable):
            return judgement
        run, reference = execution.run, baseline.run
        return bad_before_its_end(self.predicate, endpoints, run, reference, judgement.why) or judgement

    def judgement(self, execution: Execution, baseline: Execution | None, ends: Ends = _UNKNOWN) -> Judgement:
        """The predicate's judgement of a finished test, reviewed by the endpoints' runs.

        Raises `UsageError` if the predicate fails.
        """
        if execution.judgement is not None:
            return execution.judgement
        name = self.predicate.name
        try:
            judged = self.predicate.judge(execution.run, baseline.run if baseline else None)
            judgement = self.predicate.review(judged, execution.run, ends)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(
                f"the predicate {name} failed on a finished test ({type(error).__name__}: {error}); fix it"
            ) from error
        if not isinstance(judgement, Good | Bad | Untestable | Measured):
            raise UsageError(f"the predicate {name} returned {judgement!r}, which is not a judgement; fix it")
        return judgement

    def judgement_against(
        self, execution: Execution, baseline: Execution, endpoints: Endpoints, ends: Ends = _UNKNOWN
    ) -> Judgement | None:
        """`judgement` of a run watched with an earlier reference; None if it was stopped too early."""
        early = execution.judgement
        if not isinstance(early, Bad) or early.at_least is None:
            return self.judgement_of_pair(execution, baseline, endpoints, ends)
        least = least_of(self.predicate, endpoints, execution.run, baseline.run)
        enough = bar(self.predicate, endpoints)
        if least is None or enough is None or least * SPREAD < enough:
            return None
        return ended_at(execution.run, least)

    def doubt(self, judgement: Judgement, execution: Execution, baseline: Execution | None) -> str | None:
        """Why the judgement is unreliable: it depends on wall time and a run was unfair. None if reliable."""
        runs = [execution.run, *([baseline.run] if baseline else [])]
        return doubt(self.predicate, own_judgement(self.predicate, judgement), runs)

    def repeats(self, endpoints: Endpoints | None) -> bool:
        """Whether every run of a build gives the same figure, so that an earlier reference run is enough."""
        if self.predicate.repeats:
            return True
        return endpoints is not None and figures_repeat(self.predicate, endpoints)

    def stands_clear(self, endpoints: Endpoints | None) -> bool:
        """Whether good and bad are so far apart that an earlier reference run is enough."""
        return standing_bar(self.predicate, endpoints) is not None

    def is_clearly_good(self, judgement: Judgement, endpoints: Endpoints | None) -> TypeGuard[Measured]:
        """Whether the ratio to an earlier reference run proves that the commit is good."""
        enough = standing_bar(self.predicate, endpoints)
        return isinstance(judgement, Measured) and enough is not None and judgement.value <= math.sqrt(enough)
