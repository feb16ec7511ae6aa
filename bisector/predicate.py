"""The interface of predicates (the plug-ins in `predicates/`).

A predicate turns a finished or running test into a *judgement*: good, bad, untestable or a measured
value, each with one sentence that says why. It declares

* `name`, its name in a hunt file;
* `Options`, a pydantic model of its other keys in a hunt file;
* `patterns`, regular expressions for the output lines that it needs (kept with their times, however much
  output there is);
* `files`, files that the test writes and the predicate reads;
* `watch`, called while the test runs; it may end the test early by returning a judgement;
* `judge`, called once with the finished test and, for a *paired* predicate, with a run of the reference
  made at about the same time;
* `review`, called next with runs of both endpoints, to tell one failure from another;
* `at_least`, for a paired predicate whose figure only grows: the search uses it to end a run that is
  certain to be bad;
* `tool`, for a predicate that measures with a program that the test runs under.

All times are in seconds, all memory in bytes, for the whole process tree of the test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from bisector.errors import EnvironmentFault


class Ending(Enum):
    """How a test ended."""

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
    """Other activity on the machine during a run. A figure that the machine does not report is None.

    `load`: one-minute load average. `pressure`: share of time (0..1) in which some task waited for a CPU
    (PSI). `steal`: share of time (0..1) that the hypervisor took. `involuntary_switches`: context switches
    forced on the test. `cpu_share`: user + system over wall time. `waited`: share of time (0..1) in which the
    test could have run but got no CPU (its own PSI, else its threads' run delay). `others`: share (0..1) of
    all CPUs' time that other processes used.
    """

    load: float | None = None
    pressure: float | None = None
    steal: float | None = None
    involuntary_switches: int | None = None
    cpu_share: float | None = None
    waited: float | None = None
    others: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What is known about a test: so far, while `ending` is None; complete afterwards."""

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
    """Head and tail of the test's output (stdout and stderr together)."""
    memory_source: str = ""
    """The source of the memory figures, for example `cgroup v2`."""
    contention: Contention = Contention()
    discarded: int = 0
    """Runs just before this one that were discarded because first runs are slower."""
    again: float | None = None
    """Seconds with a CPU of another run right after this one, to see whether first runs are slower."""
    scoreboard: str = ""
    """What the test wrote to the file in the hunt's `suites.scoreboard`, if anything."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The texts of the predicate's `files` that this run wrote, by path relative to the test's folder."""
    counts: Mapping[str, float] = field(default_factory=dict)
    """What the predicate's `Tool` counted, by name."""

    def with_a_cpu(self, wall: float) -> float:
        """`wall` seconds (up to now or slightly earlier) minus the time that the test waited for a CPU.

        Unchanged if the machine does not report that time.
        """
        return wall - (self.contention.waited or 0.0) * self.wall


@dataclass(frozen=True, slots=True)
class Ends:
    """The first whole run of each endpoint, as the journal keeps it; None while unknown.

    `good` was judged good, `bad` was judged bad (or both were measured). No run that was ended early is here.
    In the review of an endpoint's own first run, it is that run. The journal keeps the last 4000 characters
    of the output, and the first and last 100 matches of each pattern.
    """

    good: Run | None = None
    bad: Run | None = None


@dataclass(frozen=True, slots=True)
class Good:
    """The test behaves like at the good endpoint."""

    why: str


@dataclass(frozen=True, slots=True)
class Bad:
    """The test shows the regression."""

    why: str
    at_least: float | None = None
    """The figure of a run that was ended early, up to that point, as a multiple of good."""


@dataclass(frozen=True, slots=True)
class Untestable:
    """The commit cannot be tested: the search skips it, and it never counts as good."""

    why: str


@dataclass(frozen=True, slots=True)
class Undecided(Untestable):
    """No judgement for now, because the machine gave no fair run.

    Returned by the engine, never by a predicate. The hunt reads other commits first, then this one again.
    """


@dataclass(frozen=True, slots=True)
class Measured:
    """A positive number whose step in the history is searched; for a paired predicate, a ratio."""

    value: float
    why: str


Judgement = Good | Bad | Untestable | Measured


class ToolMissing(EnvironmentFault):
    """The tool that a predicate measures with is not there; the message says what to install."""


class Tool(ABC):
    """A program that the test runs under, to count what it does."""

    slower: float = 1.0
    """How many times as long the test may take under it: the factor on the hunt's `test.timeout`."""

    @abstractmethod
    def around(self, command: Sequence[str], folder: Path) -> Sequence[str]:
        """The program and arguments that run `command` under the tool, with its exit code.

        `folder` is an empty folder for the tool's files, outside of the slot. It is deleted after the run.
        """

    @abstractmethod
    def read(self, folder: Path) -> Mapping[str, float]:
        """`Run.counts`, from the files of a finished run in `folder`; empty if the tool counted nothing."""


class Options(BaseModel):
    """Base class of the options of a predicate. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=Options)


class Predicate(ABC, Generic[OptionsT]):
    """Base class of predicates. One object judges all runs of a hunt, so it must not keep state of a run."""

    name: ClassVar[str]
    Options: ClassVar[type[Options]]
    paired: ClassVar[bool] = False
    """Whether `judge` needs the reference's run next to the candidate's (and returns `Measured` ratios)."""
    allows_for_waiting: ClassVar[bool] = False
    """Whether `watch` uses `Run.with_a_cpu`, so that its verdict is also right on a busy machine."""
    repeats: ClassVar[bool] = False
    """Whether a busy machine does not change the figure of a paired predicate at all, so that the search may
    compare with an earlier run of the reference."""

    target: ClassVar[str] = ""
    """The option that limits the judgement to one of the things that a test tells of, such as one test, for
    hunts with `targets`; empty if there is none."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @property
    def believes_failures(self) -> bool:
        """Whether a busy machine is no reason to doubt a test that failed with an exit code of its own."""
        return False

    @property
    def by_wall_clock(self) -> bool:
        """Whether the verdict depends on wall time, so that a busy machine can make good look bad."""
        return False

    @property
    def reviews(self) -> bool:
        """Whether `review` may change a judgement: then the endpoints are tested before other commits."""
        return type(self).review is not Predicate.review

    @property
    def runs_to_the_end(self) -> bool:
        """Whether each run must reach its own end: none is ended early by comparison with others."""
        return False

    @property
    def patterns(self) -> tuple[str, ...]:
        """Regular expressions of the output lines that `watch` and `judge` need in `Run.matches`."""
        return ()

    @property
    def files(self) -> tuple[str, ...]:
        """Paths or globs (`**` too) of files that the test writes, relative to the folder that it runs in.

        `Run.files` has those that the finished run wrote, never an older one: up to 16 MiB in all, beyond
        which the commit is untestable. A path that leaves the repository is refused with the hunt file.
        """
        return ()

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Judge a running test; None lets it continue. Called on matching lines and at intervals."""
        return None

    def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
        """A lower bound on what `judge` will measure for a running paired test; None if unknown.

        `ends` are whole runs of both endpoints. They show what `run` does not show yet, for example how many
        tests it will count.
        """
        return None

    def tool(self, environment: Mapping[str, str]) -> Tool | None:
        """The tool to run every test under; None for none. `environment` is that of the tests.

        Raises `ToolMissing`.
        """
        return None

    def is_exact(self, run: Run, other: Run) -> bool:
        """Whether a paired figure is the same in two runs of one build to the last of several digits.

        If so at both endpoints, the search compares with an earlier run of the reference, as for `repeats`,
        and ends runs early that are half way to the bad endpoint. False for a time, which repeats by chance.
        """
        return False

    @abstractmethod
    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Judge a finished test. `baseline` is the reference's run, for paired predicates."""

    def outcomes(self, run: Run, baseline: Run | None) -> Mapping[str, Judgement]:
        """What a finished whole test says of each thing that it names, by the name that `target` takes.

        For `targets: auto`: good, bad or untestable; a paired predicate compares with `baseline`, a run of
        the good endpoint. Raises ValueError, whose text is a clause, if the test says nothing; by default
        because the predicate does not tell.
        """
        raise ValueError(f"the predicate {self.name} does not name what it judges")

    def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
        """Judge a finished test again, now that the endpoints' runs are known; by default, unchanged.

        `judgement` is what `judge` returned for `run`. Not called for a run that was ended early.
        """
        return judgement
