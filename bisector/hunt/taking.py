"""Take a reading, journal it and report it: shared by the commands that take one reading at a time."""

from __future__ import annotations

from collections.abc import Callable

from bisector.engine.reader import Reader
from bisector.hunt.events import Listener, ProbeBegan, ReadingTaken
from bisector.probe.reading import Reading
from bisector.probe.request import Request


def take(reader: Reader, request: Request, record: Callable[[Reading], None], listener: Listener) -> Reading:
    """Take the requested reading; `record` writes it to the journal before the listener hears of it."""
    listener(ProbeBegan(request.commit, request.role))
    reading = reader.read(request)
    record(reading)
    listener(ReadingTaken(reading))
    return reading
