"""Whether a hunt file names all outputs that its test needs: tried once at each endpoint."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.errors import HuntFileError
from bisector.predicate import Judgement, Measured, Run, Undecided, Untestable
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.undeclared import undeclared

_LEAST, _MOST = 3, 6
"""Runs of each kind that must differ before the hunt file is blamed: a flaky test differs by chance."""
_PATIENCE = 120.0
"""Seconds after which the least number of runs will do."""
_FAR = 1.5
"""By this factor measured runs differ, beyond what a machine's moods do to one pair after another."""
_NAMED = 4


@dataclass(frozen=True, slots=True)
class _Outcome:
    judgement: Judgement
    run: Run

    @property
    def kind(self) -> tuple[object, ...]:
        """What must be the same; of a measured run also how it ended: else its value means nothing."""
        how = (self.run.ending, self.run.exit_code) if isinstance(self.judgement, Measured) else ()
        return (type(self.judgement), *how)


def require_outputs(
    prober: Prober, standing: Standing, slot: Slot, request: Request, reading: Reading
) -> None:
    """Have the test of an endpoint, read just now in `slot`, run with the outputs of its build alone.

    Nothing is run where the build leaves nothing beside its outputs, or where this was done before. Raises
    `HuntFileError` where the test needs what they do not hold.
    """
    if request.role is not Role.PREMISE or request.fresh or reading.run is None or reading.shared:
        return
    if isinstance(reading.judgement, Untestable | Undecided):
        return
    beside = prober.builds.kept.undeclared(slot.worktree, request.commit)
    if not beside or _Trial(prober, standing, slot, request, reading).agrees(beside):
        prober.builds.kept.agrees_at(request.commit)


class _Trial:
    def __init__(
        self, prober: Prober, standing: Standing, slot: Slot, request: Request, reading: Reading
    ) -> None:
        assert reading.run is not None
        self._prober = prober
        self._slot = slot
        self._commit = request.commit
        self._endpoints = request.endpoints
        self._baseline = Execution(reading.reference) if reading.reference else None
        self._whole = [_Outcome(reading.judgement, reading.run)]
        self._alone: list[_Outcome] = []
        self._standing = standing

    def agrees(self, beside: Sequence[str]) -> bool:
        """Whether the test says the same with the outputs alone; False where that cannot be told."""
        started = time.monotonic()
        entries = undeclared(self._slot.worktree)
        while len(self._alone) < _MOST:
            outcome = self._of_outputs(len(self._alone) + 1)
            if outcome is None:
                return False
            self._alone.append(outcome)
            if not _differ(self._whole, self._alone):
                return len(self._alone) == 1
            if len(self._alone) >= _LEAST and time.monotonic() - started > _PATIENCE:
                break
            if len(self._whole) < len(self._alone) + 1 and len(self._alone) < _MOST:
                again = self._of_all(len(self._whole) + 1)
                if again is None:
                    return False
                self._whole.append(again)
        raise self._fault(beside, entries)

    def _of_outputs(self, number: int) -> _Outcome | None:
        with self._slot.changing(self._commit):
            if not self._prober.builds.lay_out_alone(self._slot.worktree, self._commit):
                return None
            return self._tested(f"outputs-alone-{number}")

    def _of_all(self, number: int) -> _Outcome | None:
        if isinstance(self._standing.stand(self._slot, self._commit, False), Untestable):
            return None
        outcome = self._tested(f"outputs-all-{number}")
        self._slot.commit = None  # What the test has left goes when it is laid out again.
        return outcome

    def _tested(self, name: str) -> _Outcome:
        baseline = self._baseline.run if self._baseline else None
        watch = self._prober.judge.watch(self._endpoints, baseline)
        execution = self._prober.tests.run(self._slot.worktree, self._commit, name, watch)
        return _Outcome(self._prober.judge.judgement(execution, self._baseline), execution.run)

    def _fault(self, beside: Sequence[str], entries: Sequence[str]) -> HuntFileError:
        hunt = self._prober.setup.hunt
        outputs = hunt.build.outputs if hunt.build else ()
        missing = beside if len(beside) <= _NAMED else sorted(entry.rstrip("/") for entry in entries)
        missing = [path for path in missing if path not in outputs]
        named = ", ".join(beside[:_NAMED]) + (f" and {len(beside) - _NAMED} more" if beside[_NAMED:] else "")
        return HuntFileError(
            f"{hunt.locate('build', 'outputs')}: build.outputs: the build also makes {named}, and the test "
            f"needs it: {self._commit[:12]} is judged {_word(self._whole[0])}, but "
            f"{_word(self._alone[0])} with nothing but the outputs; {_mend(outputs, missing)}"
        )


def _mend(outputs: Sequence[str], missing: Sequence[str]) -> str:
    if outside := [path for path in missing if path.startswith("../")]:
        return f"build {outside[0]} inside the repository and name it in `outputs`, or remove `outputs`"
    more = [path for path in outputs if not any(path.startswith(f"{one}/") for one in missing)]
    return f"write `outputs: [{', '.join(map(_quoted, (*more, *missing)))}]`"


def _differ(one: Sequence[_Outcome], other: Sequence[_Outcome]) -> bool:
    """Whether all of the one kind differ from all of the other."""
    if not {outcome.kind for outcome in one} & {outcome.kind for outcome in other}:
        return True
    if len({outcome.kind for outcome in (*one, *other)}) > 1:
        return False
    first, second = (
        [outcome.judgement.value for outcome in of if isinstance(outcome.judgement, Measured)]
        for of in (one, other)
    )
    return bool(first and second) and (min(first) > _FAR * max(second) or min(second) > _FAR * max(first))


def _word(outcome: _Outcome) -> str:
    if isinstance(outcome.judgement, Measured):
        return f"{outcome.judgement.value:.2f}x (exit {outcome.run.exit_code})"
    return type(outcome.judgement).__name__.lower()


def _quoted(path: str) -> str:
    return path if re.fullmatch(r"[\w./+@-]*[A-Za-z_/][\w./+@-]*", path) else json.dumps(path)
