"""The way down from an answer: the hunts that it takes, and what is left of the budget for them."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bisector.errors import BisectorError, HistoryError
from bisector.history.private import private_in
from bisector.hunt.conclusion import SPENT, Conclusion, FirstBad, Inconclusive, NoRegression
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.line import Line
from bisector.hunt.descend.space import Space
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Budget
from bisector.hunt.session import Session


@dataclass(frozen=True)
class Hunted:
    """How one hunt of the way down ended, in commits of its space."""

    line: Line
    conclusion: Conclusion | None

    @property
    def answer(self) -> str:
        """The confirmed first bad commit; '' if there is none."""
        found = self.conclusion
        return self.line.of(found.commit) if isinstance(found, FirstBad) and found.confirmed else ""

    @property
    def parents_good(self) -> tuple[str, ...]:
        """The parents of the answer that its confirmation judged good."""
        found = self.conclusion
        return tuple(map(self.line.of, found.parents_good)) if isinstance(found, FirstBad) else ()

    @property
    def is_spent(self) -> bool:
        """Whether it stopped for want of time or probes."""
        found = self.conclusion
        return found is None or (isinstance(found, Inconclusive) and found.why == SPENT)

    @property
    def is_no_difference(self) -> bool:
        """Whether the ends of its range are alike."""
        return isinstance(self.conclusion, NoRegression)

    @property
    def why(self) -> str:
        """Why it has no answer."""
        if self.conclusion is None:
            return SPENT
        return str(getattr(self.conclusion, "why", self.conclusion.name))


class Spent(Exception):
    """Nothing of the budget is left."""


@dataclass
class Way:
    """The hunts below the answer of `session`, which began `since` (monotonic) and took so many `probes`."""

    session: Session
    listener: Listener
    restart: bool
    since: float
    probes: int
    ground: Ground = field(init=False)
    _taken: list[tuple[str, int, int]] = field(default_factory=list)
    """Key, probes and readings of each hunt of the current step."""

    def __post_init__(self) -> None:
        self.ground = with_ends_of(self.session)

    @property
    def space(self) -> Space:
        """The history of the hunt itself."""
        return Space(private_in(self.ground.scratch.repositories, self.ground.repository))

    def tell(self, text: str) -> None:
        """Tell the listener what comes next."""
        self.listener(Noted(text))

    def hunt(self, line: Line) -> Hunted:
        """Hunt along a line, or go on where an earlier start stopped.

        Raises what a hunt raises, or `Spent`.
        """
        plan = replace(line.plan, budget=self._left())
        session = Session(line.ground, plan.good, plan, within=self.session.key)
        record = session.run(self.listener, restart=self.restart)
        self.probes += record.probes
        self._taken.append((session.key, record.probes, len(record.readings)))
        return Hunted(line, record.conclusion)

    def tried(self, line: Callable[[], Line | None]) -> Hunted | str:
        """As `hunt`; the sentence of what prevents it, for commits that cannot be laid out in a line.

        A fault of the machine while it hunts is raised: another hunt would meet it too.
        """
        try:
            found = line()
        except BisectorError as error:
            return str(error)
        try:
            return self.hunt(found) if found else ""
        except HistoryError as error:
            return str(error)

    def with_account(self, level: Level) -> Level:
        """The level with the hunts that it took."""
        keys, probes, readings = zip(*self._taken, strict=True) if self._taken else ((), (), ())
        self._taken.clear()
        return replace(level, probes=sum(probes), readings=sum(readings), keys=keys)

    def _left(self) -> Budget:
        whole = self.session.plan.budget
        seconds = whole.seconds and whole.seconds - (time.monotonic() - self.since)
        probes = whole.probes and whole.probes - self.probes
        if (seconds is not None and seconds <= 0) or (probes is not None and probes <= 0):
            raise Spent
        return Budget(seconds, probes)


def with_ends_of(session: Session) -> Ground:
    """The ground of a hunt, whose overlay names the same commits in every hunt below it."""
    ground, named = copy.copy(session.ground), session.identity.named
    overlay = tuple(change.at_ids(named) for change in ground.hunt.overlay)
    ground.hunt = ground.hunt.model_copy(update={"overlay": overlay})
    return ground
