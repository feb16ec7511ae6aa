"""The figures of a guest's test at one commit and at two: totals, tests, suites, outcome, contention."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bisector.hunt.conclusion import Effect
from bisector.hunt.decide.effect import estimate
from bisector.hunt.ground import Ground
from bisector.hunt_file import Hunt
from bisector.hunt_file.suites import Suites
from bisector.phases.scoreboard import Scoreboard, scoreboard_of
from bisector.predicate import Ending, Judgement, Measured, Run, Untestable
from bisector.probe.reading import Reading

DEMANDED = 1.5
"""The ratio that counts as a regression if the hunt names none; the plan's default."""

_OWN_TIMEOUT = 124
_KILLED = 128 + 9
_NOT_RUN = (126, 127)
PASS = "pass"


@dataclass(frozen=True)
class Side:
    """A guest at one commit. Times are the median of its runs in seconds; None if unknown."""

    commit: str
    runs: Sequence[Run]
    suites: Suites
    markers: bool = False
    """Whether the hunt expects marker lines."""
    why_not: str = ""
    """Why there is no usable run; empty if there is one."""

    @cached_property
    def full_runs(self) -> list[Run]:
        """The runs that ended by themselves; only these have totals."""
        return [r for r in self.runs if r.ending in (Ending.EXITED, Ending.SIGNALLED)]

    @cached_property
    def board(self) -> Scoreboard | None:
        """The scoreboard of the last run that has one."""
        boards = (scoreboard_of(run, self.suites) for run in reversed(self.runs))
        return next((board for board in boards if board is not None), None)

    @property
    def user(self) -> float | None:
        """User time of the whole process tree."""
        return _median([run.user for run in self.runs])

    @property
    def wall(self) -> float | None:
        """Wall time."""
        return _median([run.wall for run in self.runs])

    @property
    def tests(self) -> int | None:
        """The number of tests that ran; None if no run reports it."""
        return self.board.total.total if self.board else None

    @property
    def per_test(self) -> float | None:
        """User seconds per test."""
        return self.user / self.tests if self.full_runs and self.user and self.tests else None

    @property
    def load(self) -> float | None:
        """Load average of the machine during the runs."""
        return _median([r.contention.load for r in self.runs if r.contention.load is not None])

    @property
    def cpu_share(self) -> float | None:
        """CPU time over wall time."""
        return _median([r.contention.cpu_share for r in self.runs if r.contention.cpu_share is not None])

    @property
    def outcome(self) -> str:
        """How the runs ended, in a word or two; a list if they differ."""
        if self.why_not:
            return "n/a"
        counted = Counter(self._outcome(run) for run in self.runs)
        if len(counted) == 1:
            return next(iter(counted))
        return ", ".join(f"{count}x {outcome}" for outcome, count in counted.most_common())

    @property
    def passes(self) -> bool:
        """Whether every run ended by itself and passed."""
        return self.outcome == PASS

    def _outcome(self, run: Run) -> str:
        if run.ending is Ending.MEMORY_LIMIT or run.oom_kills:
            return "OOM-killed"
        if run.ending is Ending.JUDGED:
            return "no markers" if self.markers else "stopped early, judged bad"
        if run.ending is Ending.TIMEOUT or run.exit_code == _OWN_TIMEOUT:
            return "timeout"
        if run.ending is Ending.OUTPUT_LIMIT:
            return "printed too much"
        if run.ending is Ending.SIGNALLED:
            return f"signal {run.signal}"
        board = scoreboard_of(run, self.suites)
        if board is not None and board.total.total == 0:
            return "no tests"
        if run.exit_code == 0:
            return PASS
        if run.exit_code == _KILLED:
            return "killed (137)"
        return f"{board.total.failed} failed" if board and board.total.failed else f"exit {run.exit_code}"


@dataclass(frozen=True)
class Guest:
    """A guest at good and at another commit: bad, or a fix."""

    name: str
    good: Side
    bad: Side
    demanded: float
    """The ratio from which its hunt reports a regression."""
    effect: Effect | None
    """The ratio of user time per test, bad over good; None if unknown."""
    own: Effect | None = None
    """The ratio in the hunt's own measure, if that is another one."""
    judgements: Sequence[Judgement] = ()
    """The judgements of the hunt's predicate on bad."""

    @property
    def broken(self) -> bool:
        """Whether the test passes at good but not at bad."""
        return self.good.passes and not self.bad.passes and not self.bad.why_not

    @property
    def slower(self) -> bool:
        """Whether bad is certainly slower, and by at least the ratio of the hunt."""
        return self.effect is not None and self.effect.low > 1 and self.effect.ratio >= self.demanded

    @property
    def grown(self) -> bool:
        """Whether the number of tests differs, so that only a comparison per test is meaningful."""
        return None not in (self.good.tests, self.bad.tests) and self.good.tests != self.bad.tests


def guest_of(ground: Ground, good: str, bad: str, readings: Sequence[Reading]) -> Guest:
    """A guest from readings of `good` and of `bad`."""
    hunt = ground.hunt
    at_good, at_bad = ([r for r in readings if r.commit == commit] for commit in (good, bad))
    of_good = [r.run for r in at_good if r.run]
    of_good += [r.reference for r in readings if r.reference and r.against == good]
    own = [r.judgement.value for r in at_bad if isinstance(r.judgement, Measured) and r.against == good]
    return Guest(
        name=hunt.hunt,
        good=_side(hunt, good, of_good, at_good),
        bad=_side(hunt, bad, [r.run for r in at_bad if r.run], at_bad),
        demanded=ground.ratio or DEMANDED,
        effect=_effect(_pairs(at_good, at_bad, good), hunt.suites or Suites()),
        own=estimate(own) if own and hunt.predicate.name != "per_test_user_time" else None,
        judgements=[r.judgement for r in at_bad],
    )


def _side(hunt: Hunt, commit: str, runs: list[Run], readings: Sequence[Reading]) -> Side:
    ran = [run for run in runs if run.exit_code not in _NOT_RUN]
    why = [r.judgement.why for r in readings if isinstance(r.judgement, Untestable)]
    why_not = "" if ran else (why[-1] if why else "it was not run")
    return Side(commit, ran, hunt.suites or Suites(), hunt.predicate.name == "markers_within", why_not)


def _pairs(at_good: Sequence[Reading], at_bad: Sequence[Reading], good: str) -> list[tuple[Run, Run]]:
    """Pairs of a run of bad and a run of good made at about the same time."""
    paired = [(r.run, r.reference) for r in at_bad if r.run and r.reference and r.against == good]
    alone = ([r.run for r in readings if r.run] for readings in (at_bad, at_good))
    return paired or list(zip(*alone, strict=False))


def _effect(pairs: Sequence[tuple[Run, Run]], suites: Suites) -> Effect | None:
    """In user time per test if both runs of a pair report their number of tests, in total if neither does."""
    ratios = []
    for pair in pairs:
        boards = [scoreboard_of(run, suites) for run in pair]
        tests = [board.total.total if board else None for board in boards]
        alike = tests == [None, None] or all(tests)
        if not alike or not all(run.user > 0 and _came_through(run) for run in pair):
            return None
        bad, good = (run.user / (number or 1) for run, number in zip(pair, tests, strict=True))
        ratios.append(bad / good)
    return estimate(ratios) if ratios else None


def _came_through(run: Run) -> bool:
    came_to_nothing = (*_NOT_RUN, _OWN_TIMEOUT, _KILLED)
    return run.ending is Ending.EXITED and run.exit_code not in came_to_nothing and not run.oom_kills


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
