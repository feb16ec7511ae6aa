"""The account of prefetched builds, including those that were never used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ahead:
    """Number of prefetched builds, how many of them were never requested, and the seconds of both."""

    builds: int = 0
    unused: int = 0
    seconds: float = 0.0
    unused_seconds: float = 0.0

    def __add__(self, other: Ahead) -> Ahead:
        return Ahead(
            self.builds + other.builds,
            self.unused + other.unused,
            self.seconds + other.seconds,
            self.unused_seconds + other.unused_seconds,
        )
