"""One step down from an answer, as screen, reports and journal have it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bisector.history.commit import CommitInfo

Kind = Literal["merge", "submodules", "submodule", "changes", "releases"]
State = Literal["found", "together", "one-of", "open"]


@dataclass(frozen=True, slots=True)
class Level:
    """A step down into the commit `of` (a full id), which hunted from `old` to `new`.

    `kind`: into a `merge`, to which of several `submodules` it is, into the history of one `submodule`, that
    at `path`, to the smallest set of `changes`, or into the `releases` of the package `path`, whose versions
    are `old` and `new`. `state`: an answer is `found`, and confirmed as any other; all parts are only
    `together` bad; it is `one-of` some untestable commits; or it is `open`, and `why` says the reason.
    """

    kind: Kind
    of: str
    old: str
    new: str
    state: State
    why: str
    path: str = ""
    nth: int = 2
    """The number of the merge's parent at the tip of the branch."""
    is_back: bool = False
    """Whether the submodule was moved back, so that `new` is the older commit."""
    answer: str = ""
    """The answer, '' if none is found; for `submodules` their paths, for `changes` how many of them,
    for `releases` a version."""
    subject: str = ""
    author: str = ""
    date: str = ""
    """ISO 8601, with the author's UTC offset."""
    any_of: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """The files that both sides of a merge changed, or that it changed itself."""
    changes: tuple[str, ...] = ()
    """Where the changes are that make the parent bad, as `PATH:LINE-LINE`."""
    total: int = 0
    """The number of all changes of the commit."""
    patch: str = ""
    """A patch of those changes for `git apply`; '' if too long. Bytes that are no UTF-8 are surrogates."""
    share: float | None = None
    """The share of the commit's effect that they explain, on the log scale; None without ratios."""
    command: str = ""
    """The shell command that leads on from an open step; '' if there is none."""
    probes: int = 0
    readings: int = 0
    keys: tuple[str, ...] = ()
    """The keys of its hunts in the journal."""

    def found(self, info: CommitInfo, why: str) -> Level:
        """The step with an answer."""
        return dataclasses.replace(
            self,
            state="found",
            why=why,
            answer=info.id,
            subject=info.subject,
            author=info.author,
            date=info.date.isoformat(),
        )

    @property
    def range(self) -> str:
        """The range of its hunt as a user would write it; '' for parts of one commit."""
        if self.kind == "merge":
            return f"{self.of[:12]}^1..{self.of[:12]}^{self.nth}"
        if self.kind == "releases":
            return f"{self.old}..{self.new}"
        ends = (self.new, self.old) if self.is_back else (self.old, self.new)
        return "..".join(end[:12] for end in ends) if self.kind == "submodule" else ""

    @property
    def is_commit(self) -> bool:
        """Whether the answer is one commit."""
        return self.state == "found" and self.kind in ("merge", "submodule")

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to ask at this step."""
        return self.state in ("found", "together")


def level_to_json(level: Level) -> dict[str, Any]:
    """The level as JSON values."""
    return dataclasses.asdict(level)


def level_from_json(document: Mapping[str, Any]) -> Level:
    """The level that `level_to_json` gave."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items()}
    return Level(**fields)
