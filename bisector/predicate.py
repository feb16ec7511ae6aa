"""The contract that predicates (the plug-ins in `predicates/`) are written against.

A predicate turns a finished, or still running, test into a *judgement*: good, bad, untestable or a
measured value, each with one sentence saying why. It declares

* `name`, by which a hunt file names it;
* `Options`, a pydantic model of what may stand beside the name in a hunt file;
* `patterns`, the regular expressions whose matching output lines it needs (kept with their times,
  however much output there is);
* `watch`, called while the test runs, which may end it early by returning a judgement;
* `judge`, called once with the finished test and, for a *paired* predicate, with the reference's
  run made in the same minutes;
* `at_least`, for a paired predicate whose figure only grows: by it the search ends a run that is
  certain to be bad.

All times are in seconds, all memory in bytes, and always of the whole process tree of the test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class Ending(Enum):
    """How a test came to its end."""

    EXITED = "exited"
    SIGNALLED = "killed by a signal"
    TIMEOUT = "stopped at the hunt's timeout"
    MEMORY_LIMIT = "killed at the hunt's memory limit"
    OUTPUT_LIMIT = "stopped at the output limit"
    JUDGED = "ended early, its answer was certain"


@dataclass(frozen=True, slots=True)
class Match:
    """An output line that matched one of the predicate's patterns; `at` is seconds after the start."""

    at: float
    text: str
    groups: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Contention:
    """What else the machine did during a run. A figure that the machine does not report is None.

    `load`: one-minute load average. `pressure`: share of time (0..1) in which some task waited for a CPU
    (PSI). `steal`: share of time (0..1) that the hypervisor took. `involuntary_switches`: context switches
    forced on the test. `cpu_share`: user + system over wall time. `waited`: share of time (0..1) in which the
    test could have run but got no CPU (its own PSI).
    """

    load: float | None = None
    pressure: float | None = None
    steal: float | None = None
    involuntary_switches: int | None = None
    cpu_share: float | None = None
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of a test: so far, while `ending` is None; complete afterwards."""

    wall: float
    user: float
    system: float
    peak_memory: int | None = None
    oom_kills: int = 0
    ending: Ending | None = None
    exit_code: int | None = None
    signal: int | None = None
    matches: Mapping[str, Sequence[Match]] = field(default_factory=dict)
    output: str = ""
    """Head and tail of what the test printed (stdout and stderr together)."""
    memory_source: str = ""
    """Where the memory figures come from, for instance `cgroup v2`."""
    contention: Contention = Contention()
    scoreboard: str = ""
    """What the test wrote into the file that the hunt names under `suites.scoreboard`, if it did."""

    def with_a_cpu(self, wall: float) -> float:
        """The seconds `wall`, up to now or a little before, less those in which the test waited for a CPU.

        As many as they are where the machine does not tell.
        """
        return wall - (self.contention.waited or 0.0) * self.wall


@dataclass(frozen=True, slots=True)
class Good:
    """The test behaves as at the good endpoint."""

    why: str


@dataclass(frozen=True, slots=True)
class Bad:
    """The test shows the regression."""

    why: str
    at_least: float | None = None
    """What a run that was ended early had come to by then, as a multiple of good."""


@dataclass(frozen=True, slots=True)
class Untestable:
    """The commit cannot be tested: it is skipped, and never counts as good."""

    why: str


@dataclass(frozen=True, slots=True)
class Undecided(Untestable):
    """Nothing can be said of this commit for now: the machine gave no run that a judgement can rest on.

    Given by the engine, never by a predicate. The same commit may be judged at a calmer time.
    """


@dataclass(frozen=True, slots=True)
class Measured:
    """A positive number whose step through the history is searched; for a paired predicate a ratio."""

    value: float
    why: str


Judgement = Good | Bad | Untestable | Measured


class Options(BaseModel):
    """Base class of the options of a predicate. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=Options)


class Predicate(ABC, Generic[OptionsT]):
    """Base class of predicates. One object judges all runs of a hunt, so it keeps no state of a run."""

    name: ClassVar[str]
    Options: ClassVar[type[Options]]
    paired: ClassVar[bool] = False
    """Whether `judge` wants the reference's run beside the candidate's (and returns `Measured` ratios)."""
    allows_for_waiting: ClassVar[bool] = False
    """Whether `watch` goes by `Run.with_a_cpu`: what it says then holds on a crowded machine too."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @property
    def by_wall_clock(self) -> bool:
        """Whether the verdict depends on wall time, so that a busy machine can make good look bad."""
        return False

    @property
    def patterns(self) -> tuple[str, ...]:
        """Regular expressions of the output lines that `watch` and `judge` need in `Run.matches`."""
        return ()

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Judge a running test, or return None to let it continue. Called on matching lines and on ticks."""
        return None

    def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
        """What `judge` will measure at least of a paired test that still runs, None where that is open.

        `ends` are whole runs of both endpoints, which tell what `run` does not yet: how many tests it will
        count, say.
        """
        return None

    @abstractmethod
    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Judge a finished test. `baseline` is the run of the reference, for paired predicates."""
