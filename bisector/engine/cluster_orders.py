"""Requests to a cluster and their state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bisector.engine.cluster_folders import Source
from bisector.engine.cluster_workers import Worker
from bisector.history.transport import Packed
from bisector.probe.request import Request


@dataclass(eq=False)
class Order:
    """A request and its state: its worker, the workers that refused it, and those that disappeared."""

    number: int
    request: Request
    ticket: str = ""
    worker: Worker | None = None
    future: Any = None
    refused: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    moved: int = 0


class Beyond:
    """Commits that are not in `source`; `pack` packs them on demand."""

    def __init__(self, source: Source, pack: Callable[[Sequence[str]], Packed]) -> None:
        self._held = source.content.commits if isinstance(source.content, Packed) else None
        self._pack = pack
        self._packed: dict[tuple[str, ...], Packed] = {}

    def packed_for(self, request: Request) -> Packed | None:
        """A pack of the commits that the request also needs; None if workers have or fetch them."""
        asked = {request.commit, request.against} - {""}
        missing = tuple(sorted(asked - self._held)) if self._held is not None else ()
        if missing and missing not in self._packed:
            self._packed[missing] = self._pack(missing)
        return self._packed.get(missing)
