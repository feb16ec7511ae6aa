"""The steps that a decision can return, and what it knows about readings still running."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.hunt.conclusion import Conclusion
from bisector.probe.request import Request


@dataclass(frozen=True, slots=True)
class Running:
    """A reading in progress."""

    request: Request
    overdue: bool = False
    """Its test has run so much longer than any good one that the verdict is probably bad."""


@dataclass(frozen=True, slots=True)
class Read:
    """Take these readings in this order; they include running ones that are still wanted."""

    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()
    """What the user should know now, such as that the premise is established."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Start nothing until one of these running readings ends."""

    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclude:
    """The hunt is over."""

    conclusion: Conclusion
    notes: tuple[str, ...] = ()


Step = Read | Wait | Conclude
