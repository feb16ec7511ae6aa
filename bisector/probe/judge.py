"""What a test says of its commit: while it runs, once it has ended, and whether that is to be believed."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from bisector.errors import UsageError
from bisector.predicate import Bad, Good, Judgement, Measured, Predicate, Run, Untestable
from bisector.probe.early import SPREAD, Endpoints, bar, ended_at, least_of, standing_bar, watching
from bisector.probe.execution import Execution
from bisector.probe.fairness import doubt
from bisector.probe.supervision import EarlyJudgement, Watch


class Judge:
    """Judges tests by `predicate`.

    A test may be ended once its answer is certain; with `full_run` only if that answer is not good, and one
    without a reference never by what the endpoints needed.
    """

    def __init__(self, predicate: Predicate[Any], *, full_run: bool = False) -> None:
        self.predicate = predicate
        self._full_run = full_run

    def watch(self, endpoints: Endpoints | None = None, baseline: Run | None = None) -> Watch:
        """What ends a run early that is certain to be good or bad; `baseline` is that of its reference."""
        if self._full_run and baseline is None:
            endpoints = None
        return watching(self._certain, self.predicate, endpoints, baseline)

    def _certain(self, run: Run) -> EarlyJudgement | None:
        judgement = self.predicate.watch(run)
        return None if self._full_run and isinstance(judgement, Good) else judgement

    def judgement(self, execution: Execution, baseline: Execution | None) -> Judgement:
        """What the predicate says of a finished test; `UsageError` where the predicate itself is at fault."""
        if execution.judgement is not None:
            return execution.judgement
        name = self.predicate.name
        try:
            judgement = self.predicate.judge(execution.run, baseline.run if baseline else None)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(
                f"the predicate {name} failed on a finished test ({type(error).__name__}: {error}); mend it"
            ) from error
        if not isinstance(judgement, Good | Bad | Untestable | Measured):
            raise UsageError(f"the predicate {name} returned {judgement!r}, which is no judgement; mend it")
        return judgement

    def judgement_against(
        self, execution: Execution, baseline: Execution, endpoints: Endpoints
    ) -> Judgement | None:
        """`judgement` of a run that an earlier reference may have ended; None where that was too early."""
        early = execution.judgement
        if not isinstance(early, Bad) or early.at_least is None:
            return self.judgement(execution, baseline)
        least = least_of(self.predicate, endpoints, execution.run, baseline.run)
        enough = bar(self.predicate, endpoints)
        if least is None or enough is None or least * SPREAD < enough:
            return None
        return ended_at(execution.run, least)

    def doubt(self, judgement: Judgement, execution: Execution, baseline: Execution | None) -> str | None:
        """Why the judgement is not to be believed, because it hangs on wall time and a run was not fair."""
        runs = [execution.run, *([baseline.run] if baseline else [])]
        return doubt(self.predicate, judgement, runs)

    def stands_clear(self, endpoints: Endpoints | None) -> bool:
        """Whether good and bad lie so far apart that an earlier run of the reference may do."""
        return standing_bar(self.predicate, endpoints) is not None

    def is_clearly_good(self, judgement: Judgement, endpoints: Endpoints | None) -> TypeGuard[Measured]:
        """Whether a ratio to an earlier run of the reference leaves no doubt that the commit is good."""
        enough = standing_bar(self.predicate, endpoints)
        return isinstance(judgement, Measured) and enough is not None and judgement.value <= math.sqrt(enough)
