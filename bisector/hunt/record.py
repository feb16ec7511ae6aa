"""Everything that reports need about one hunt, derived from the journal and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bisector.engine.account import Ahead
from bisector.history.commit import CommitInfo
from bisector.hunt.advice import Advice, Excerpt, HereRun
from bisector.hunt.conclusion import Conclusion, Effect
from bisector.hunt.descend.level import Level
from bisector.hunt.failed_builds import FailedBuilds
from bisector.hunt.known import Known
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.terms import REGRESSION, Terms

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
    """Commits known to be untestable without a reading: a prefetched build failed, or `skip` lists them."""
    terms: Terms = REGRESSION
    """The words for commits like `good`, the old endpoint, and like `bad`, the new one."""
    first_parent: bool = False
    """Whether the search followed first parents only (bad's own branch)."""
    premise: Effect | None = None
    posterior: Mapping[str, float] = field(default_factory=dict)
    """Probability that each candidate is the first bad commit, by full id; may omit candidates at zero."""
    started: datetime | None = None
    finished: datetime | None = None
    running: float | None = None
    """Seconds that the hunt ran, without pauses between its starts; None if the journal does not say."""
    machine: Mapping[str, str] = field(default_factory=dict)
    """Facts about the machine for the end of a report, such as `cpu`, `cores`, `memory`, `kernel`."""
    timeout: float | None = None
    """Seconds after which a test is stopped."""
    ahead: Ahead | None = None
    """The account of prefetched builds; None if there were none."""
    remembered: datetime | None = None
    """When the hunt ended, if this start found it finished and ran nothing."""
    reproduce: str = ""
    """The shell command that runs this hunt again."""
    secrets: Sequence[str] = ()
    """Values of variables that no report may show."""
    excerpts: Sequence[Excerpt] = ()
    """What endpoints that are not as the user said, and untestable commits, printed last."""
    advice: Sequence[Advice] = ()
    """What to do about a hunt that could not begin, the likeliest first."""
    here: HereRun | None = None
    """The run in the user's checkout that the user asked for; None if there was none."""
    notes: Sequence[str] = ()
    """What to know beside the conclusion, such as a doubt; a sentence each."""
    next_steps: Sequence[str] = ()
    """Commands for the shell that lead on from the conclusion."""
    failed_builds: Sequence[FailedBuilds] = ()
    """The commits that do not build, in groups with the same error, the largest first."""
    descent: Sequence[Level] = ()
    """The way down from the answer: into merges and submodules, the outermost step first."""
    commit_pages: str = ""
    """The https address of the pages of commits, to which a full id is appended; empty if unknown."""

    @property
    def probes(self) -> int:
        """Number of commits that the search asked for, without endpoints and confirmation."""
        return len({r.commit for r in self.readings if r.role in (Role.SEARCH, Role.MERGE_BASE)})

    @property
    def known(self) -> Known:
        """The facts that decisions are based on."""
        return Known(tuple(self.readings), tuple(self.untestable))
