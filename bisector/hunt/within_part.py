"""The engine of a hunt, as a hunt in one part of its range sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.decide.ranges import Part, seen_from
from bisector.hunt.drive import Engine
from bisector.hunt.plan import Plan
from bisector.probe.reading import KnownUntestable, Reading
from bisector.probe.request import Request


class Within:
    """Takes readings for the plan `inside` a part of the range of `whole`; they are seen from its start.

    `readings` are those of the whole hunt, to which `keep` adds what is found. Runs are reviewed by the
    endpoints of the whole hunt, and never ended by comparison with those of the part.
    """

    def __init__(
        self,
        engine: Engine,
        whole: Plan,
        part: Part,
        inside: Plan,
        readings: Sequence[Reading],
        keep: Callable[[Reading | KnownUntestable], None],
    ) -> None:
        self._engine = engine
        self._whole, self._part, self._inside = whole, part, inside
        self._readings, self._keep = readings, keep

    @property
    def jobs(self) -> int:
        """As the engine's."""
        return self._engine.jobs

    @property
    def running(self) -> Sequence[Request]:
        """As the engine's; requests are equal whatever they are compared with while they run."""
        return self._engine.running

    def begin(self, request: Request) -> None:
        """Begin a reading."""
        self._engine.begin(self._of_whole(request))

    def cancel(self, request: Request) -> None:
        """Stop a running reading."""
        self._engine.cancel(request)

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """The next reading, seen from the start of the part."""
        found = self._engine.next(longest)
        if found is None:
            return None
        self._keep(found)
        if isinstance(found, KnownUntestable):
            return found
        seen = [*seen_from(self._part, self._whole, self._inside, self._readings)]
        return seen[-1] if seen and seen[-1].at == found.at else None

    def build_ahead(self, requests: Callable[[], Sequence[Request]]) -> None:
        """As the engine's."""
        self._engine.build_ahead(lambda: [self._of_whole(request) for request in requests()])

    def _of_whole(self, request: Request) -> Request:
        alone = replace(request, endpoints=None)
        return reviewed_by(alone, self._whole.good[0], self._whole.bad, self._readings)
