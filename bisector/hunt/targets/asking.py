"""What a joint hunt asks for: one run of one commit, and the request of each target that it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bisector.hunt.conclusion import Conclusion
from bisector.probe.request import Request


@dataclass(frozen=True, slots=True)
class Ask:
    """One run of `request.commit`, which gives a reading to each target in `asked`, by name.

    A target's own request has the role, and the needs, that its hunt would ask for by itself.
    """

    request: Request
    asked: Mapping[str, Request]
    notes: tuple[str, ...] = ()
    """What the user should know now; only what all open targets say, in the words of one of them."""
    only_by_name: bool = False
    """Whether the whole test does not stand in for a runner that refuses the names."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The hunts of these targets are over."""

    conclusions: Mapping[str, Conclusion]


JointStep = Ask | Ended
