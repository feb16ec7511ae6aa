"""Measures the benchmarks and compares them with the references."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bisector.errors import HuntFileError, UsageError
from bisector.history.repository import Repository
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.recording import machine_facts
from bisector.hunt_file.alarm import Alarm
from bisector.phases.alarm.references import References
from bisector.predicate import Ending, Run
from bisector.probe.dune_root import environment_for
from bisector.probe.environment import allowed_environment
from bisector.probe.execution import Command, Limits, execute
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.watchdog.quiet_wall import ends_for, whole_ground

IDENTITY = ("cpu", "cores", "memory")
"""The facts by which two machines count as the same for comparing times."""

_OWN_TIMEOUT = 124
"""Exit code of timeout(1) after it kills its command."""


@dataclass(frozen=True)
class Measurement:
    """The least time of each benchmark in milliseconds, in the order printed; empty if they do not run.

    `broken` then says why. `load` is the one-minute load average before the first run.
    """

    commit: str
    times: Mapping[str, float]
    runs: int
    load: float
    machine: Mapping[str, str]
    at: datetime
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark: its time (None if not printed) and reference (None if missing), in milliseconds."""

    name: str
    time: float | None
    reference: float | None

    @property
    def ratio(self) -> float | None:
        """Time over reference; None if one is missing."""
        return self.time / self.reference if self.time and self.reference else None

    def fails(self, factor: float) -> bool:
        """Whether it is too slow or was not printed."""
        return self.time is None or (self.ratio is not None and self.ratio > factor)


def alarm_of(ground: Ground) -> Alarm:
    """The section `alarm` of the hunt; raises HuntFileError if there is none."""
    if ground.hunt.alarm is None:
        file = ground.hunt.origin.file or "the command line"
        raise HuntFileError(f"{file}: there is no section 'alarm'; add it, at least as `alarm: {{}}`")
    return ground.hunt.alarm


def alarm_key(ground: Ground) -> str:
    """The identity of an alarm: repository, hunt, command and pattern."""
    parts = (
        ground.repository.git_folder,
        ground.hunt.hunt,
        ground.hunt.test.command,
        alarm_of(ground).pattern,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


def measured_at(ground: Ground, commit: str, listener: Listener) -> Measurement:
    """Build `commit` in a slot and run its benchmarks there."""
    alarm, key = alarm_of(ground), alarm_key(ground)
    looking = whole_ground(ground, alarm.pattern)
    runs: list[Run] = []
    load, at = os.getloadavg()[0], datetime.now(UTC)
    with (
        ground.scratch.held(key),
        # Files of a run stay for the next, as in a checkout: the warm-up may fill caches on disk.
        reader_for(looking, key, ends_for(ground, commit), 0, listener, one_start=True) as engine,
    ):
        for _ in range(alarm.warm_up + alarm.runs):
            # Not PREMISE: that would also try the outputs alone, in a fresh checkout.
            reading = engine.read(Request(commit, Role.VERIFICATION))
            if broken := reading.judgement.why if reading.run is None else _broken(reading.run):
                return Measurement(commit, {}, alarm.runs, load, machine_facts(), at, broken)
            runs += [reading.run] if reading.run else []
    return _measurement(alarm, commit, runs, load, at)


def measured_here(ground: Ground, folder: Path) -> Measurement:
    """Run the benchmarks in the checkout that contains `folder`, without building it."""
    alarm, test, hunt = alarm_of(ground), ground.hunt.test, ground.hunt
    checkout = Repository(folder)
    commit, top = checkout.resolve("HEAD"), checkout.path
    within = top / test.folder
    allowed = allowed_environment(hunt.environment.pass_, hunt.environment.set, ground.environment)
    environment = environment_for(top, within, {**allowed, "BISECTOR_COMMIT": commit})
    limits = Limits(test.timeout, test.memory, test.output)
    runs: list[Run] = []
    load, at = os.getloadavg()[0], datetime.now(UTC)
    with ground.scratch.held(alarm_key(ground)):
        for _ in range(alarm.warm_up + alarm.runs):
            command = Command(test.command, within, environment)
            run = execute(command, limits, patterns=(alarm.pattern,)).run
            if broken := _broken(run):
                return Measurement(commit, {}, alarm.runs, load, machine_facts(), at, broken)
            runs.append(run)
    return _measurement(alarm, commit, runs, load, at)


def compared(measurement: Measurement, references: References) -> list[Row]:
    """A row for each benchmark: those printed, then those that only have a reference."""
    known = {references.name_of(name): (name, time) for name, time in measurement.times.items()}
    rows = [Row(name, time, references.times.get(key) or None) for key, (name, time) in known.items()]
    return rows + [Row(name, None, time) for name, time in references.times.items() if name not in known]


def other_machine(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    """The differences between two machines in words; empty if they are the same or one is unknown."""
    return [
        f"{key} {now[key]} instead of {then[key]}"
        for key in IDENTITY
        if key in now and key in then and now[key] != then[key]
    ]


def line_of(pattern: str, benchmark: str) -> str:
    """`pattern` narrowed to the lines of one benchmark: its group `name` becomes that name."""
    start = pattern.index("(?P<name>")
    for bracket in re.finditer(r"\)", pattern[start:]):
        end = start + bracket.end()
        with contextlib.suppress(re.error):
            re.compile(pattern[start:end])
            own = re.escape(benchmark).replace(r"\-", "-")
            return f"{pattern[:start]}(?P<name>{own}){pattern[end:]}"
    return pattern


def _measurement(alarm: Alarm, commit: str, runs: Sequence[Run], load: float, at: datetime) -> Measurement:
    best: dict[str, float] = {}
    for run in runs[alarm.warm_up :]:
        for name, time in _times(alarm.pattern, run):
            best[name] = min(time, best.get(name, time))
    if not best:
        raise UsageError(
            f"no line of the test's output matches alarm.pattern {alarm.pattern!r}; "
            f"correct it or the test (last line: {_last_line(runs[-1])!r})"
        )
    return Measurement(commit, best, alarm.runs, load, machine_facts(), at)


def _times(pattern: str, run: Run) -> list[tuple[str, float]]:
    """Names and milliseconds that a run printed; a time of zero counts as one clock tick."""
    groups = re.compile(pattern).groupindex
    found = []
    for match in run.matches.get(pattern, ()):
        name, value = match.groups[groups["name"] - 1], match.groups[groups["value"] - 1]
        if name and value:
            try:
                time = float(value)
            except ValueError as error:
                raise UsageError(
                    f"alarm.pattern reads {value!r} in {match.text!r} as a time; correct its group 'value'"
                ) from error
            tick = 10.0 ** -len(value.partition(".")[2])
            found.append((name, max(time, tick)))
    return found


def _broken(run: Run) -> str:
    """Why a run has no times; '' if it has."""
    if run.ending is Ending.EXITED and run.exit_code == 0:
        return ""
    if run.ending is Ending.EXITED:
        by = " (its own timeout)" if run.exit_code == _OWN_TIMEOUT else ""
        last = _last_line(run)
        return f"exit {run.exit_code}{by}" + (f": {last}" if last else "")
    return run.ending.value if run.ending else "it did not end"


def _last_line(run: Run) -> str:
    lines = [line.strip() for line in run.output.splitlines() if line.strip()]
    return lines[-1][:120] if lines else ""
