"""The steps that a decision can ask for, and what it may know of readings that are still running."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.hunt.conclusion import Conclusion
from bisector.probe.request import Request


@dataclass(frozen=True, slots=True)
class Running:
    """A reading that has begun and not ended."""

    request: Request
    overdue: bool = False
    """Its test has run so much longer than any good one that a bad verdict is expected."""


@dataclass(frozen=True, slots=True)
class Read:
    """Take these readings, the first one first; those that run and are still wanted are among them."""

    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()
    """What a person should know now, such as that the premise is established."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing more is wanted before one of these running readings has ended."""

    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclude:
    """The hunt is over."""

    conclusion: Conclusion
    notes: tuple[str, ...] = ()


Step = Read | Wait | Conclude
