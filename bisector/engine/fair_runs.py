"""Fair runs: wait for a quiet machine if the hunt asks for one, and repeat runs that were not fair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bisector.engine.hooks import hooks
from bisector.hunt_file.machine import Quiet
from bisector.predicate import Undecided
from bisector.probe import quiet
from bisector.probe.execution import GivenUp
from bisector.probe.reading import Reading
from bisector.probe.setup import Setup
from bisector.probe.step import Step

BEFORE_REPEATING = Quiet(load_per_core=0.5, wait=10.0)
"""What to wait for after an unfair run without a `quiet` setting: not long, as there are other commits."""

WaitForQuiet = Callable[[Quiet, Callable[[str], None]], str | None]
"""Like `bisector.probe.quiet.wait_for_quiet`."""

Attempt = Callable[[str], tuple[Reading, str | None]]
"""Name of the log -> a reading, and why its judgement is unreliable (None if it is not)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to retry.

    A judgement that depends on wall time is rejected if the run did not get its share of the machine: after
    `fair_attempts` such runs (0: accept every run) it is `Undecided`. `longest_wait` is the maximum number
    of seconds between retries after an infrastructure fault. `wait_for_quiet` is called before runs that
    need a quiet machine; the default is the function of that name.
    """

    fair_attempts: int = 2
    longest_wait: float = 30.0
    wait_for_quiet: WaitForQuiet | None = None


class FairRuns:
    """Repeats tests until a run is fair; records of the user's hooks go to the folder `records`."""

    def __init__(self, setup: Setup, records: Path, patience: Patience) -> None:
        self._setup = setup
        self._records = records
        self._attempts = patience.fair_attempts
        self._wait_for_quiet = patience.wait_for_quiet or self._wait

    def reading(self, commit: str, name: str, attempt: Attempt) -> Reading:
        """The reading of `attempt`, between the user's hooks; log names begin with `name`."""
        setup, hunt = self._setup, self._setup.hunt
        beside = Path(hunt.origin.file).resolve().parent if hunt.origin.file else Path.cwd()
        with hooks(hunt.measure, beside, self._records, setup.scheduling.stop):
            self._calm(hunt.quiet, commit)
            reading, doubt = attempt(name)
            for number in range(2, self._attempts + 1):
                if doubt is None:
                    break
                setup.on_step(commit, Step.REPEATING, doubt)
                self._calm(hunt.quiet or BEFORE_REPEATING, commit)
                reading, doubt = attempt(f"{name}-again-{number}")
        if doubt is not None and self._attempts:
            why = f"{reading.judgement.why}, but none of {self._attempts} runs was fair: {doubt}"
            reading = replace(reading, judgement=Undecided(why))
        return reading

    def _calm(self, wanted: Quiet | None, commit: str) -> None:
        """Wait for a quiet machine; report it if the machine never becomes quiet."""
        if wanted is None:
            return
        on_step = self._setup.on_step
        gave_up = self._wait_for_quiet(wanted, lambda why: on_step(commit, Step.WAITING, why))
        if gave_up:
            on_step(commit, Step.WAITING, f"{gave_up}; continuing anyway")

    def _wait(self, wanted: Quiet, on_wait: Callable[[str], None]) -> str | None:
        return quiet.wait_for_quiet(wanted, on_wait, sleep=lambda seconds: sleep(self._setup, seconds))


def sleep(setup: Setup, seconds: float) -> None:
    """Sleep; raises `GivenUp` once the reading is no longer wanted."""
    if setup.scheduling.stop.wait(seconds):
        raise GivenUp
