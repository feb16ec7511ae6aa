"""Where the commits of a step down are, and how each of them is laid out in the hunt's own repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bisector.history.commit import CommitInfo
from bisector.history.private import PrivateRepository
from bisector.history.repository import Repository
from bisector.history.stand_ins import Contents, StandIn, write


@dataclass(frozen=True)
class Space:
    """A history: that of the hunt's repository, or of a submodule `at` a path of another one.

    A commit of a submodule is laid out as the commit `base` of the history `above` it, with only that
    submodule moved. `base` and `above` are None for the hunt's own history.
    """

    private: PrivateRepository
    above: Space | None = None
    base: Contents | None = None
    at: str = ""

    @property
    def repository(self) -> Repository:
        """The repository that has the commits."""
        return self.private.repository

    @property
    def path(self) -> str:
        """The submodule's path from the top of the hunt's repository; '' for that itself."""
        if self.above is None:
            return ""
        return f"{self.above.path}/{self.at}" if self.above.path else self.at

    def info(self, commit: str) -> CommitInfo:
        """The details of one of its commits."""
        return self.repository.infos([commit])[commit]

    def on_top(self, wanted: Sequence[StandIn]) -> list[Contents]:
        """What to lay out in the hunt's repository for each of these, which are contents here."""
        if self.above is None or self.base is None:
            return [one.contents for one in wanted]
        links = self._commits(wanted)
        own = [Contents(self.base.base, {**self.base.links, self.at: link}) for link in links]
        return self.above.on_top([StandIn(at, one.stands_for) for at, one in zip(own, wanted, strict=True)])

    def _commits(self, wanted: Sequence[StandIn]) -> list[str]:
        """A commit of the submodule for each; only those that are no commits yet are written."""
        if all(one.contents == Contents(one.stands_for.id) for one in wanted):
            return [one.stands_for.id for one in wanted]
        return write(self.private, [StandIn(one.contents, one.stands_for) for one in wanted])
