"""The wall time of a test on a quiet machine, from recent readings or measured now."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground, opened
from bisector.hunt_file import AUTO, Copy, Edit
from bisector.predicate import Ending, Good, Judgement, Options, Predicate, Run
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.report.findings import busy
from bisector.watchdog.deadline import Deadline

LIFTED = 20
"""Factor on the test's own deadlines while it is measured, so that none of them stops it."""

_SOON_AFTER = 1.25


class WholeRun(Predicate[Options]):
    """Lets a test run to its end and keeps the lines that match `lines`."""

    name = "whole_run"
    Options = Options

    def __init__(self, *lines: str) -> None:
        super().__init__(Options())
        self._lines = lines

    @property
    def patterns(self) -> tuple[str, ...]:
        """The lines to keep."""
        return self._lines

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Always good: only the run itself matters."""
        return Good("it ran")


@dataclass(frozen=True, slots=True)
class QuietWall:
    """The fastest of several runs, in seconds; `failed` says why there is none.

    `is_busy` if the machine was busy even then; `held` if the test's own deadlines were unchanged and did not
    stop it; `lifted` if they were extended; `known` if the runs are earlier readings. `exit_code` is that of
    the fastest run.
    """

    wall: float = 0.0
    user: float = 0.0
    runs: int = 0
    is_busy: bool = False
    known: bool = False
    held: bool = False
    lifted: bool = False
    exit_code: int | None = None
    failed: str = ""


def whole_ground(ground: Ground, *lines: str, lifted: Sequence[Deadline] = ()) -> Ground:
    """The same hunt with tests that run to their end and with extended `lifted` deadlines."""
    whole = copy.copy(ground)
    whole.predicate = WholeRun(*lines)
    whole.hunt = ground.hunt.model_copy(update={"overlay": (*ground.hunt.overlay, *lifting(lifted))})
    return whole


def ends_for(ground: Ground, commit: str) -> dict[str, str]:
    """The ids of `good` and `bad` in the overlay if only `commit` is built."""
    hunt, resolve = ground.hunt, ground.repository.resolve
    if not any(isinstance(change, Copy) for change in hunt.overlay):
        return {"good": commit, "bad": commit}
    good = {} if hunt.good == (AUTO,) else {"good": resolve(hunt.good[0])}
    return {**good, "bad": resolve(hunt.bad)}


def lifting(deadlines: Sequence[Deadline]) -> list[Edit]:
    """Edits that extend these deadlines wherever they are unchanged."""
    longer = {(d.file, d.text): d.reading(LIFTED * d.seconds) for d in deadlines}
    # Optional: an edit in the hunt file may already have changed it.
    return [
        Edit(edit=file, find=text, replace=instead, optional=True) for (file, text), instead in longer.items()
    ]


def quiet_wall(
    ground: Ground,
    commit: str,
    deadlines: Sequence[Deadline],
    listener: Listener,
    *,
    since: datetime,
    runs: int,
) -> QuietWall:
    """The wall time of the hunt's test at `commit`, from premise readings since `since` or else measured.

    The test first runs unchanged, and again with lifted `deadlines` if one of them may have stopped it.
    """
    edited = {change.edit for change in ground.hunt.overlay if isinstance(change, Edit)}
    held = not edited & {deadline.file for deadline in deadlines}
    known = _known(ground, commit, since)
    if known and not _may_have_fired(deadlines, known):
        return replace(_of(known, held=held), known=True)
    as_it_is = _run(ground, commit, listener, runs)
    if isinstance(as_it_is, str):
        return QuietWall(failed=as_it_is)
    ended_well = all(run.ending is Ending.EXITED and run.exit_code == 0 for run in as_it_is)
    if ended_well and not _may_have_fired(deadlines, as_it_is):
        return _of(as_it_is, held=held)
    return _without(deadlines, ground, commit, listener, runs)


def _without(
    deadlines: Sequence[Deadline], ground: Ground, commit: str, listener: Listener, count: int
) -> QuietWall:
    """The wall time with the deadlines lifted."""
    runs = _run(whole_ground(ground, lifted=deadlines), commit, listener, count)
    if isinstance(runs, str):
        return QuietWall(failed=runs)
    ended = [run for run in runs if run.ending is Ending.EXITED]
    if not ended:
        how = runs[-1].ending.value if runs[-1].ending else "it did not end"
        return QuietWall(failed=f"the test was {how}")
    return _of(ended, held=False, lifted=True)


def _known(ground: Ground, commit: str, since: datetime) -> list[Run]:
    """Earlier runs of this test that exited with 0."""
    hunt = ground.hunt.model_dump(mode="json")
    with opened(ground.scratch) as journal:
        return [
            reading.run
            for row in journal.hunts()
            if all(row.document.get(key) == hunt[key] for key in ("hunt", "repository", "test", "overlay"))
            for reading in journal.readings(row.id)
            if reading.role is Role.PREMISE and reading.commit == commit and reading.at >= since
            if reading.run and reading.run.ending is Ending.EXITED and reading.run.exit_code == 0
        ]


def _run(ground: Ground, commit: str, listener: Listener, count: int) -> list[Run] | str:
    """Up to `count` runs of the test, or why there is none; stops after a run that did not exit by itself."""
    whole, key = whole_ground(ground), _key(ground, commit)
    runs: list[Run] = []
    with (
        ground.scratch.held(key),
        reader_for(whole, key, ends_for(ground, commit), 0, listener) as engine,
    ):
        while len(runs) < count:
            reading = engine.read(Request(commit, Role.PREMISE))
            if reading.run is None:
                return reading.judgement.why
            runs.append(reading.run)
            if reading.run.ending is not Ending.EXITED:
                break
    return runs


def _may_have_fired(deadlines: Sequence[Deadline], runs: Sequence[Run]) -> bool:
    """Whether a run ended about when a deadline expired: a script may hide that."""
    return any(d.seconds <= run.wall <= _SOON_AFTER * d.seconds for d in deadlines for run in runs)


def _of(runs: Sequence[Run], *, held: bool, lifted: bool = False) -> QuietWall:
    best = min(runs, key=lambda run: run.wall)
    shared = busy(best.contention, os.cpu_count())
    return QuietWall(
        best.wall, best.user, len(runs), shared, held=held, lifted=lifted, exit_code=best.exit_code
    )


def _key(ground: Ground, commit: str) -> str:
    parts = (ground.repository.git_folder, ground.hunt.hunt, ground.hunt.test.command, commit, "deadlines")
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]
