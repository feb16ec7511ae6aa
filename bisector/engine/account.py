"""What was built ahead, honestly: also what nobody asked for in the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many builds nobody waited for yet, how many were never asked for, and the seconds of both."""

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
