"""Everything that reports need about a hunt of several targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bisector.errors import ExitCode
from bisector.history.commit import CommitInfo
from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad, NoRegression
from bisector.probe.reading import BuildKind, Reading, Role


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """One target: the name of its own hunt, its readings, and how its hunt ended (None: it goes on)."""

    target: str
    hunt: str
    readings: Sequence[Reading]
    conclusion: Conclusion | None

    @property
    def is_settled(self) -> bool:
        """Whether it has a confirmed answer, or no regression."""
        found = self.conclusion
        return isinstance(found, NoRegression) or (isinstance(found, FirstBad) and found.confirmed)

    @property
    def is_flaky(self) -> bool:
        """Whether the search found that its verdicts contradict each other."""
        return (
            isinstance(self.conclusion, FirstBad | AnyOf)
            and not self.conclusion.exact
            and not any(reading.against for reading in self.readings)
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hunts of some targets found alike."""

    conclusion: Conclusion | None
    """That of the first of them; None for targets whose hunts go on."""
    targets: Sequence[TargetRecord]

    @property
    def first_bad(self) -> str | None:
        """The first bad commit, confirmed or not; None if there is no single one."""
        return self.conclusion.commit if isinstance(self.conclusion, FirstBad) else None

    @property
    def is_settled(self) -> bool:
        """Whether all these targets have a confirmed answer, or no regression."""
        return all(one.is_settled for one in self.targets)


@dataclass(frozen=True)
class TargetsRecord:
    """A hunt of several targets, finished or not."""

    name: str
    key: str
    repository: Path
    good: CommitInfo
    bad: CommitInfo
    predicate: str
    """Its name; empty if the targets are scripts, which it judges as whole tests."""
    targets: Sequence[TargetRecord]
    commits: Mapping[str, CommitInfo]
    """Every commit that was read or is an answer, by full id."""
    candidates: Sequence[str]
    """Full ids in topological order, parents first; the last one is bad."""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """With `targets: auto`, the tests that are not hunted, by what they do at the endpoints."""
    why_none: str = ""
    """Why there are no targets, as a sentence; empty if there are some."""
    cannot_tell: bool = False
    """Whether there are no targets because an endpoint says nothing."""
    is_remembered: bool = False
    """Whether this start found every hunt finished and ran nothing."""
    machine: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    commit_pages: str = ""
    """The https address of the pages of commits, to which a full id is appended; empty if unknown."""

    @property
    def answers(self) -> list[Answer]:
        """Targets with the same answer together; first bad commits first, those of most targets before."""
        groups: dict[tuple[object, ...], list[TargetRecord]] = {}
        for one in self.targets:
            groups.setdefault(_same(one.conclusion), []).append(one)
        answers = [Answer(group[0].conclusion, tuple(group)) for group in groups.values()]
        return sorted(answers, key=lambda one: (one.first_bad is None, -len(one.targets)))

    @property
    def exit_code(self) -> ExitCode:
        """0 if every target has a confirmed answer or no regression, 3 if none has a regression, else 5."""
        if not self.targets:
            return ExitCode.INCONCLUSIVE if self.cannot_tell else ExitCode.NO_REGRESSION
        if not all(one.is_settled for one in self.targets):
            return ExitCode.INCONCLUSIVE
        none = all(isinstance(one.conclusion, NoRegression) for one in self.targets)
        return ExitCode.NO_REGRESSION if none else ExitCode.FIRST_BAD

    @property
    def open(self) -> list[TargetRecord]:
        """The targets without a confirmed answer."""
        return [one for one in self.targets if not one.is_settled]

    @property
    def probes(self) -> int:
        """Number of commits that some search asked for, without endpoints and confirmation."""
        searched = (Role.SEARCH, Role.MERGE_BASE)
        return len({r.commit for one in self.targets for r in one.readings if r.role in searched})

    @property
    def runs(self) -> int:
        """Number of runs of the test; a run that was judged for several targets counts once."""
        return len(self._by_time)

    @property
    def builds(self) -> int:
        """Number of builds that ran, also those that failed; without a build, commits that were laid out."""
        return sum(
            reading.build in (BuildKind.INCREMENTAL, BuildKind.CLEAN)
            or (reading.run is None and reading.build_seconds > 0)
            for reading in self._by_time.values()
        )

    @property
    def seconds(self) -> float:
        """Seconds of all builds and runs."""
        return sum(
            one.build_seconds + sum(run.wall for run in (one.run, one.reference) if run)
            for one in self._by_time.values()
        )

    @property
    def _by_time(self) -> Mapping[datetime, Reading]:
        return {reading.at: reading for one in self.targets for reading in one.readings}


def _same(conclusion: Conclusion | None) -> tuple[object, ...]:
    match conclusion:
        case None:
            return ("open",)
        case FirstBad():
            return (conclusion.name, conclusion.commit, conclusion.confirmed)
        case AnyOf():
            return (conclusion.name, *conclusion.commits)
    return (conclusion.name,)
