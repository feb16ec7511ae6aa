"""What is asked of a probe."""

from __future__ import annotations

from dataclasses import dataclass, field

from bisector.probe.early import Endpoints
from bisector.probe.reading import Role


@dataclass(frozen=True, slots=True)
class Request:
    """A reading to be taken: of `commit`, in turn with the build of `against` where it is paired.

    `fresh` has both built clean, from the whole tree. With `endpoints`, a paired run that is certain to be
    bad is ended, and judged so instead of measured. `about` is the commit that a confirmation is about,
    also where one of its parents is read.
    """

    commit: str
    role: Role
    against: str = ""
    fresh: bool = False
    endpoints: Endpoints | None = field(default=None, compare=False)
    about: str = field(default="", compare=False)
