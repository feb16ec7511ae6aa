"""Whether a hunt file lists all outputs that its test needs: checked once at each endpoint."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.engine.undeclared_reads import digests_of, undeclared_reads
from bisector.errors import HuntFileError
from bisector.history.inputs import covered
from bisector.hunt_file.setup import keeps_of
from bisector.predicate import Judgement, Measured, Run, Undecided, Untestable
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step
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

    Runs nothing if the build leaves nothing but its outputs, or if this was done before. If the results are
    equal but the test reads such files, outputs are never restored alone, and a note says so. Raises
    `HuntFileError` if the test needs something that is not in the outputs.
    """
    if request.role is not Role.PREMISE or request.clean or reading.run is None or reading.shared:
        return
    if isinstance(reading.judgement, Untestable | Undecided):
        return
    kept = prober.builds.kept
    beside = kept.undeclared(slot.worktree, request.commit)
    if not beside:
        if not kept.reads_more_at(request.commit):
            kept.agrees_at(request.commit)
        return
    trial = _Trial(prober, standing, slot, request, reading, beside)
    if not trial.agrees():
        return
    if trial.reads():
        kept.found_reading_more(request.commit)
    else:
        kept.agrees_at(request.commit)


class _Trial:
    def __init__(
        self,
        prober: Prober,
        standing: Standing,
        slot: Slot,
        request: Request,
        reading: Reading,
        beside: Sequence[str],
    ) -> None:
        assert reading.run is not None
        self._prober = prober
        self._slot = slot
        self._commit = request.commit
        self._request = request
        self._baseline = Execution(reading.reference) if reading.reference else None
        self._whole = [_Outcome(reading.judgement, reading.run)]
        self._alone: list[_Outcome] = []
        self._beside = beside
        self._entries = undeclared(slot.worktree)
        self._remade: dict[str, str] = {}
        """Undeclared files that the test makes when only the outputs are there, with their digests."""
        self._standing = standing

    def agrees(self) -> bool:
        """Whether the test gives the same result with the outputs alone; False if that is unknown."""
        started = time.monotonic()
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
        raise self._fault()

    def reads(self) -> bool:
        """Whether the test is seen reading undeclared files; if so, says what that means."""
        if read := undeclared_reads(
            self._prober, self._standing, self._slot, self._commit, self._beside, self._remade
        ):
            self._prober.setup.on_step(
                self._commit,
                Step.NOTED,
                f"the test reads {_listed(read)}, which the build also writes: builds are repeated and not "
                f"restored; to restore them, {_remedy(self._outputs, self._missing(read))}",
            )
        return bool(read)

    def _of_outputs(self, number: int) -> _Outcome | None:
        with self._slot.changing(self._commit):
            if not self._prober.builds.lay_out_alone(self._slot.worktree, self._commit):
                return None
            outcome = self._tested(f"outputs-alone-{number}")
            self._remade = digests_of(self._slot.worktree.path, self._beside)
            return outcome

    def _of_all(self, number: int) -> _Outcome | None:
        if isinstance(self._standing.stand(self._slot, self._commit, False), Untestable):
            return None
        outcome = self._tested(f"outputs-all-{number}")
        self._slot.commit = None  # The next checkout removes what the test left.
        return outcome

    def _tested(self, name: str) -> _Outcome:
        baseline = self._baseline.run if self._baseline else None
        watch = self._prober.judge.watch(self._request.endpoints, baseline)
        execution = self._prober.tests.run(
            self._slot.worktree, self._commit, name, watch, targets=self._request.targets
        )
        # The endpoint's own run is the one with all files: without them, a failure is not normal.
        ends = self._request.ends_with(self._whole[0].run)
        return _Outcome(self._prober.judge.judgement(execution, self._baseline, ends), execution.run)

    def _fault(self) -> HuntFileError:
        hunt = self._prober.setup.hunt
        missing = self._missing(self._beside)
        return HuntFileError(
            f"{hunt.locate('build', 'outputs')}: build.outputs: the build also writes "
            f"{_listed(self._beside)}, and the test "
            f"needs it: {self._commit[:12]} is judged {_word(self._whole[0])}, but "
            f"{_word(self._alone[0])} with only the outputs; {_remedy(self._outputs, missing)}"
        )

    @property
    def _outputs(self) -> Sequence[str]:
        build = self._prober.setup.hunt.build
        return build.outputs if build else ()

    def _missing(self, paths: Sequence[str]) -> list[str]:
        """Few outputs to declare that cover `paths`."""
        if len(paths) > _NAMED:
            paths = _folders(paths, self._entries, keeps_of(self._prober.setup.hunt.setup))
        return [path for path in paths if path not in self._outputs]


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


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_NAMED]) + (f" and {len(paths) - _NAMED} more" if paths[_NAMED:] else "")


def _word(outcome: _Outcome) -> str:
    if isinstance(outcome.judgement, Measured):
        return f"{outcome.judgement.value:.2f}x (exit {outcome.run.exit_code})"
    return type(outcome.judgement).__name__.lower()


def _quoted(path: str) -> str:
    return path if re.fullmatch(r"[\w./+@-]*[A-Za-z_/][\w./+@-]*", path) else json.dumps(path)
