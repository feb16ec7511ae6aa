"""Whether a hunt file lists all outputs that its test needs: checked once at each endpoint."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.errors import HuntFileError
from bisector.history.inputs import covered
from bisector.hunt_file.setup import keeps_of
from bisector.predicate import Judgement, Measured, Run, Undecided, Untestable
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.undeclared import undeclared

_LEAST, _MOST = 3, 6
"""Runs of each kind that must differ before the hunt file is blamed: a flaky test differs by chance."""
_PATIENCE = 120.0
"""Seconds after which the minimum number of runs is enough."""
_FAR = 1.5
"""Measured runs differ from this factor on; noise of the machine is smaller for several pairs in a row."""
_NAMED = 4


@dataclass(frozen=True, slots=True)
class _Outcome:
    judgement: Judgement
    run: Run

    @property
    def kind(self) -> tuple[object, ...]:
        """What must be equal: the kind of judgement; for a measured run also its ending and exit code."""
        how = (self.run.ending, self.run.exit_code) if isinstance(self.judgement, Measured) else ()
        return (type(self.judgement), *how)


def require_outputs(
    prober: Prober, standing: Standing, slot: Slot, request: Request, reading: Reading
) -> None:
    """Run the test of an endpoint, just read in `slot`, with only the declared outputs of its build.

    Runs nothing if the build leaves nothing but its outputs, or if this was done before. Raises
    `HuntFileError` if the test needs something that is not in the outputs.
    """
    if request.role is not Role.PREMISE or request.clean or reading.run is None or reading.shared:
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
        self._request = request
        self._baseline = Execution(reading.reference) if reading.reference else None
        self._whole = [_Outcome(reading.judgement, reading.run)]
        self._alone: list[_Outcome] = []
        self._standing = standing

    def agrees(self, beside: Sequence[str]) -> bool:
        """Whether the test gives the same result with the outputs alone; False if that is unknown."""
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
        self._slot.commit = None  # The next checkout removes what the test left.
        return outcome

    def _tested(self, name: str) -> _Outcome:
        baseline = self._baseline.run if self._baseline else None
        watch = self._prober.judge.watch(self._request.endpoints, baseline)
        execution = self._prober.tests.run(self._slot.worktree, self._commit, name, watch)
        # The endpoint's own run is the one with all files: without them, a failure is not normal.
        ends = self._request.ends_with(self._whole[0].run)
        return _Outcome(self._prober.judge.judgement(execution, self._baseline, ends), execution.run)

    def _fault(self, beside: Sequence[str], entries: Sequence[str]) -> HuntFileError:
        hunt = self._prober.setup.hunt
        outputs = hunt.build.outputs if hunt.build else ()
        missing = beside if len(beside) <= _NAMED else _folders(beside, entries, keeps_of(hunt.setup))
        missing = [path for path in missing if path not in outputs]
        named = ", ".join(beside[:_NAMED]) + (f" and {len(beside) - _NAMED} more" if beside[_NAMED:] else "")
        return HuntFileError(
            f"{hunt.locate('build', 'outputs')}: build.outputs: the build also writes {named}, and the test "
            f"needs it: {self._commit[:12]} is judged {_word(self._whole[0])}, but "
            f"{_word(self._alone[0])} with only the outputs; {_remedy(outputs, missing)}"
        )


def _folders(beside: Sequence[str], entries: Sequence[str], keeps: Sequence[str]) -> list[str]:
    """Few paths that cover `beside`: untracked entries, and entries of the folders that the setup keeps."""
    found = {entry.rstrip("/") for entry in entries if not covered(entry.rstrip("/"), keeps)}
    for keep in keeps:
        inside = (path.removeprefix(f"{keep}/") for path in beside if path.startswith(f"{keep}/"))
        found |= {f"{keep}/{path.split('/')[0]}" for path in inside}
    return sorted(found)


def _remedy(outputs: Sequence[str], missing: Sequence[str]) -> str:
    if outside := [path for path in missing if path.startswith("../")]:
        return f"build {outside[0]} inside the repository and list it in `outputs`, or remove `outputs`"
    more = [path for path in outputs if not any(path.startswith(f"{one}/") for one in missing)]
    return f"write `outputs: [{', '.join(map(_quoted, (*more, *missing)))}]`, or remove `outputs`"


def _differ(one: Sequence[_Outcome], other: Sequence[_Outcome]) -> bool:
    """Whether all outcomes in `one` differ from all in `other`."""
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
