"""Readings shared between commits that built the same bytes and test the same files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bisector.predicate import Bad, Good, Measured
from bisector.probe.identity import Identity
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


class Sameness:
    """Finds a reading to share among the `readings` of a hunt; the caller keeps adding to that list.

    Only the first search reading of a commit can be shared. Nothing is shared after a confirmation, because
    a failed one may mean a missing input, nor from a build whose readings contradict each other.
    """

    def __init__(self, identity: Identity, readings: Sequence[Reading]) -> None:
        self._identity = identity
        self._readings = readings
        self._tested: dict[str, tuple[str, ...]] = {}

    def reading_of(self, request: Request, digest: str) -> Reading | None:
        """The reading of an equal build, as a reading of this commit; None if the commit must be run."""
        if not digest or request.clean or request.role is not Role.SEARCH or self._is_void():
            return None
        if self._identity.fix_ups(request.commit):
            # Of two equal builds, one may have needed a fix-up that also changes what the test reads.
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
        """The object ids of what the test reads besides the build."""
        if commit not in self._tested:
            self._tested[commit] = self._identity.tested([commit])[0]
        return self._tested[commit]

    def _is_void(self) -> bool:
        roles = [reading.role for reading in self._readings]
        return Role.CONFIRMATION in roles
