"""Readings that a commit takes over from another one: both built the same bytes, and test the same files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bisector.predicate import Bad, Good, Measured
from bisector.probe.identity import Identity
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


class Sameness:
    """Knows the `readings` of a hunt, those still to come too: the list is added to from outside.

    Only the search's first reading of a commit is taken over. Nothing is once there was a confirmation: if it
    did not hold, an input may be missing. Nor is anything of a build whose readings contradict each other.
    """

    def __init__(self, identity: Identity, readings: Sequence[Reading]) -> None:
        self._identity = identity
        self._readings = readings
        self._tested: dict[str, tuple[str, ...]] = {}

    def reading_of(self, request: Request, digest: str) -> Reading | None:
        """What the same bytes were judged to be, as a reading of this commit; None where it has to be run."""
        if not digest or request.fresh or request.role is not Role.SEARCH or self._is_void():
            return None
        if any(reading.commit == request.commit for reading in self._readings):
            return None
        alike = [reading for reading in self._readings if self._is_alike(reading, request, digest)]
        if not alike or len({type(reading.judgement) for reading in alike}) > 1:
            return None
        one = alike[len(alike) // 2]
        return replace(one, commit=request.commit, role=Role.SEARCH, at=datetime.now(UTC), shared=one.commit)

    def _is_alike(self, reading: Reading, request: Request, digest: str) -> bool:
        return (
            reading.digest == digest
            and reading.against == request.against
            and not reading.shared
            and isinstance(reading.judgement, Good | Bad | Measured)
            and self._files(reading.commit) == self._files(request.commit)
        )

    def _files(self, commit: str) -> tuple[str, ...]:
        """The ids of what the test reads beside the build."""
        if commit not in self._tested:
            self._tested[commit] = self._identity.tested([commit])[0]
        return self._tested[commit]

    def _is_void(self) -> bool:
        roles = [reading.role for reading in self._readings]
        return Role.CONFIRMATION in roles
