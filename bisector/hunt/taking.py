"""A reading taken, journalled and told of: the same for every command that takes one at a time."""

from __future__ import annotations

from collections.abc import Callable

from bisector.engine.reader import Reader
from bisector.hunt.events import Listener, ProbeBegan, ReadingTaken
from bisector.probe.reading import Reading
from bisector.probe.request import Request


def take(reader: Reader, request: Request, record: Callable[[Reading], None], listener: Listener) -> Reading:
    """The reading that is asked for; `record` has it in the journal before anybody hears of it."""
    listener(ProbeBegan(request.commit, request.role))
    reading = reader.read(request)
    record(reading)
    listener(ReadingTaken(reading))
    return reading
