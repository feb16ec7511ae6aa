"""Runs both endpoints in turn, plain and under the tool that counts instructions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bisector.engine.hooks import hooks
from bisector.engine.slots import Slots
from bisector.hunt.events import Listener, Noted, StepBegan
from bisector.hunt.ground import Ground
from bisector.hunt.secrets import secrets_of, without
from bisector.hunt.session import Session
from bisector.phases.diagnosis.bench import Bench, CannotRun, NotBuilt
from bisector.phases.diagnosis.commits import Pair
from bisector.phases.evidence.contract import Unavailable
from bisector.phases.signals.counters import LINE
from bisector.predicate import Run, Tool, ToolMissing
from bisector.probe.discovery import find_predicate
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.step import Step
from bisector.report.findings import duration
from bisector.report.log_tail import log_tail

FEWEST, MOST = 3, 5
"""Runs of each endpoint: at least, and if a run is shorter than `SHORT`."""
SHORT = 20.0
LONGEST_SLOWED = 10.0
"""Seconds of a test up to which it is tried under a tool that slows it down; it may take 50 times as long."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of both endpoints, taken in turn; `refused` is why there are none, or why they do not count."""

    good: tuple[Run, ...] = ()
    bad: tuple[Run, ...] = ()
    refused: str = ""

    @property
    def seconds(self) -> tuple[float, float]:
        """Median wall time of a run of good and of bad; of at least one run each."""
        good, bad = (statistics.median(run.wall for run in runs) for runs in (self.good, self.bad))
        return good, bad


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps an `end` ("good" or "bad") from being measured, and what it printed last."""

    end: str
    commit: str
    why: str
    printed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurements:
    """All runs, and the seconds that a build took (mean of both endpoints)."""

    plain: Runs
    counted: Runs
    build: float
    obstacle: Obstacle | None = None


def measured(session: Session, listener: Listener, longest_slowed: float = LONGEST_SLOWED) -> Measurements:
    """Build both endpoints and run their tests."""
    ground = session.ground
    with ground.scratch.held(session.key):
        clean_leftovers()
        try:
            with _bench(session, listener) as (bench, build):
                plain = _in_turn(bench, None, MOST)
                if plain.refused:
                    return Measurements(plain, Runs(refused=plain.refused), build)
                listener(Noted(f"a run takes {duration(max(plain.seconds))}"))
                return Measurements(plain, _counted(bench, plain, longest_slowed), build)
        except (NotBuilt, CannotRun) as error:
            obstacle = _obstacle(session, error)
            refused = Runs(refused=obstacle.why)
            return Measurements(refused, refused, 0.0, obstacle)


def _obstacle(session: Session, error: NotBuilt | CannotRun) -> Obstacle:
    end = "bad" if error.commit == session.plan.bad else "good"
    ground = session.ground
    secrets = secrets_of(ground.hunt.environment.pass_, ground.environment)
    printed = log_tail(error.log) if isinstance(error, CannotRun) else []
    lines = tuple(without(secrets, line) for line in printed)
    return Obstacle(end, error.commit, without(secrets, error.why), lines)


@contextmanager
def _bench(session: Session, listener: Listener) -> Iterator[tuple[Bench, float]]:
    ground, plan = session.ground, session.plan
    infos = ground.repository.infos([plan.good[0], plan.bad])
    pair = Pair(bad=infos[plan.bad], good=infos[plan.good[0]])

    def on_step(commit: str, step: Step, detail: str) -> None:
        listener(StepBegan(commit, step, detail))

    with Slots(ground.scratch.slots, ground.repository) as slots:
        started = time.monotonic()
        bench = Bench(ground, pair, slots, session.ends, ground.scratch.logs(session.key), on_step)
        bench.stand()
        build = (time.monotonic() - started) / 2
        with hooks(ground.hunt.measure, _folder_of(ground), slots.root):
            yield bench, build


def _folder_of(ground: Ground) -> Path:
    return Path(ground.hunt.origin.file).resolve().parent if ground.hunt.origin.file else Path.cwd()


def _counted(bench: Bench, plain: Runs, longest_slowed: float) -> Runs:
    """Runs that count instructions."""
    kind = find_predicate("instructions", Path())
    try:
        tool = kind(kind.Options()).tool(bench.environment)
    except ToolMissing as missing:
        return Runs(refused=str(missing))
    longest = max(plain.seconds)
    if tool is not None and tool.slower > 1 and longest > longest_slowed:
        return Runs(
            refused=f"a run takes {duration(longest)}, and under valgrind 20 to 50 times as long; a test "
            f"shorter than {longest_slowed:g} s is tried"
        )
    return _in_turn(bench, tool, FEWEST)


def _in_turn(bench: Bench, tool: Tool | None, most: int) -> Runs:
    """Up to `most` runs of each endpoint; each order half of the time, so that drift affects both alike."""
    good: list[Run] = []
    bad: list[Run] = []
    while len(bad) < FEWEST or (len(bad) < most and bad[-1].wall < SHORT):
        sides = [(bench.good, good), (bench.bad, bad)]
        for side, runs in sides if len(good) % 2 == 0 else reversed(sides):
            try:
                runs.append(side.run(patterns=(LINE,), tool=tool))
            except Unavailable as why:
                if tool is None and isinstance(why, CannotRun):
                    raise
                return Runs(refused=str(why))
        if refused := _exit_codes(good, bad):
            return Runs(refused=refused)
    return Runs(tuple(good), tuple(bad))


def _exit_codes(good: Sequence[Run], bad: Sequence[Run]) -> str:
    """Why runs that ended differently cannot be compared; empty if all ended alike."""
    codes = {run.exit_code for run in good}
    if len(codes) > 1:
        named = ", ".join(sorted(map(str, codes)))
        return f"good ends with different exit codes ({named}), so its runs may not have done the same work"
    other = next((run.exit_code for run in bad if run.exit_code not in codes), None)
    if other is None:
        return ""
    return (
        f"bad ends with exit code {other} and good with {codes.pop()}, so they may not have done the same "
        "work; hunt for the exit code with `exit_status`, or end the test with `|| true` if it means nothing"
    )
