"""What is known of one hunt: all that reports need, derived from the journal and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bisector.engine.account import Ahead
from bisector.history.commit import CommitInfo
from bisector.hunt.conclusion import Conclusion, Effect
from bisector.hunt.known import Known
from bisector.probe.reading import KnownUntestable, Reading, Role

__all__ = ["CommitInfo", "HuntRecord", "Reading", "Role"]


@dataclass(frozen=True)
class HuntRecord:
    """One hunt, finished or not."""

    name: str
    repository: Path
    good: Sequence[CommitInfo]
    bad: CommitInfo
    predicate: str
    commits: Mapping[str, CommitInfo]
    """Every candidate, good endpoint and parent of a candidate, by full id."""
    candidates: Sequence[str]
    """Full ids in topological order, parents first; the last one is bad."""
    readings: Sequence[Reading]
    conclusion: Conclusion | None
    untestable: Sequence[KnownUntestable] = ()
    """Commits known to be untestable without a reading: a build ahead failed, or `skip` names them."""
    first_parent: bool = False
    """Whether only bad's own branch was searched."""
    premise: Effect | None = None
    posterior: Mapping[str, float] = field(default_factory=dict)
    """Probability that a candidate is the first bad commit, by full id; candidates at zero may be missing."""
    started: datetime | None = None
    finished: datetime | None = None
    machine: Mapping[str, str] = field(default_factory=dict)
    """Facts of the machine for the foot of a report, such as `cpu`, `cores`, `memory`, `kernel`."""
    timeout: float | None = None
    """Seconds after which a test is stopped."""
    ahead: Ahead | None = None
    """What was built before it was asked for; None where nothing was."""
    remembered: datetime | None = None
    """When the hunt ended, where this start found it over and ran nothing."""
    reproduce: str = ""
    """The shell command that runs this hunt again."""

    @property
    def probes(self) -> int:
        """How many commits the search asked for; endpoints and confirmation are not counted."""
        return len({r.commit for r in self.readings if r.role in (Role.SEARCH, Role.MERGE_BASE)})

    @property
    def known(self) -> Known:
        """What a decision rests on."""
        return Known(tuple(self.readings), tuple(self.untestable))
