"""A request for a reading."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from bisector.predicate import Ends, Run
from bisector.probe.early import Endpoints
from bisector.probe.reading import Role


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a reading of `commit`, alternating with the build of `against` if paired.

    `clean` builds both clean from the whole tree. With `endpoints`, a run that is certain to be bad is
    stopped early and judged bad without a measurement. Each run of a paired request comes after `warm_up`
    discarded ones; with `looks`, the reference runs once more to see whether that is enough. `about` is the
    commit being confirmed, even if this reading is of one of its parents. `ends` are runs of both endpoints
    for the predicate's `review`, and `endpoint` says that `commit` is one of them. `targets` are the names
    that the test is asked about, if the hunt has `targets` (None: all of the hunt's, empty: the whole test).
    """

    commit: str
    role: Role
    against: str = ""
    clean: bool = False
    endpoints: Endpoints | None = field(default=None, compare=False)
    about: str = field(default="", compare=False)
    ends: Ends = field(default=Ends(), compare=False)
    endpoint: Literal["good", "bad"] | None = field(default=None, compare=False)
    warm_up: int = field(default=0, compare=False)
    looks: bool = field(default=False, compare=False)
    targets: tuple[str, ...] | None = field(default=None, compare=False)

    def ends_with(self, run: Run) -> Ends:
        """The endpoints' runs; an endpoint's own first run, which is this `run`, stands for it."""
        if self.endpoint == "good" and self.ends.good is None:
            return replace(self.ends, good=run)
        if self.endpoint == "bad" and self.ends.bad is None:
            return replace(self.ends, bad=run)
        return self.ends
