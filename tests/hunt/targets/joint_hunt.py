"""A joint hunt without processes: every target's judgement of a commit comes from a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.targets.asking import Ask
from bisector.hunt.targets.decide import Joint
from bisector.hunt.targets.driving import Books, drive
from bisector.predicate import Ending, Run
from bisector.probe.reading import Reading, Role
from tests.hunt.fake_engine import Judge

_START = datetime(2026, 1, 1, tzinfo=UTC)


class Stopped(Exception):
    """The fake's Ctrl-C."""


@dataclass
class JointHunt:
    """Runs hunts of several targets; counts runs and builds. It stops after `most` runs of this start."""

    plan: Plan
    judges: Mapping[str, Judge]
    shares: bool = True
    most: int | None = None
    seconds: float = 60.0
    rows: dict[str, list[Reading]] = field(default_factory=dict)
    ended: dict[str, Conclusion] = field(default_factory=dict)
    runs: list[Ask] = field(default_factory=list)
    builds: int = 0
    _built: tuple[str, bool] = ("", False)

    def run(self) -> dict[str, Conclusion]:
        """Hunt to the end from what the rows have; returns the conclusions."""
        for target in self.judges:
            self.rows.setdefault(target, [])
        known = {target: Known(tuple(row)) for target, row in self.rows.items()}
        joint = Joint(self.plan, list(self.judges), shares=self.shares)
        return drive(joint, known, self.ended, self._take, Books(self._record, self._conclude), _unheard)

    def _take(self, ask: Ask) -> Sequence[Mapping[str, Reading]]:
        if self.most is not None and len(self.runs) >= self.most:
            raise Stopped
        self.runs.append(ask)
        request = ask.request
        built, clean = self._built
        if built != request.commit or (request.clean and not clean):
            self.builds += 1
            self._built = (request.commit, request.clean)
        at = _START + timedelta(minutes=sum(map(len, self.rows.values())))
        run = Run(wall=self.seconds, user=self.seconds, system=0.0, ending=Ending.EXITED)
        shared = Reading(request.commit, request.role, None, at, run=run, build_seconds=300.0)  # type: ignore[arg-type]
        readings = {
            target: replace(
                shared,
                role=own.role,
                judgement=self.judges[target](own.commit, own.against),
                against=own.against,
                about=own.about,
                clean=request.clean,
            )
            for target, own in ask.asked.items()
        }
        return [readings]

    def _record(self, found: Mapping[str, Reading]) -> None:
        for target, reading in found.items():
            self.rows[target].append(reading)

    def _conclude(self, target: str, conclusion: Conclusion) -> Conclusion:
        self.ended[target] = conclusion
        return conclusion

    @property
    def searched(self) -> int:
        """Number of runs of the search: those that some target asked for in that role."""
        return sum(any(own.role is Role.SEARCH for own in ask.asked.values()) for ask in self.runs)

    def asked(self, role: Role) -> Sequence[str]:
        """The commits of the runs whose request has this role."""
        return [ask.request.commit for ask in self.runs if ask.request.role is role]


def _unheard(event: object) -> None:
    """Nobody listens."""
