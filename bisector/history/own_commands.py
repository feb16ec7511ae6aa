"""Counts bisector's own git commands in a repository, so that those of others there can be told from them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OwnCommands:
    """The git commands that bisector runs in one repository, in any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._pauses = 0
        self._ended = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the command that the body runs; waits while there is a pause."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pauses)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._ended += 1
                self._changed.notify_all()

    @contextmanager
    def paused(self) -> Iterator[int]:
        """No command runs during the body; yields how many have ended so far. The body may run none."""
        with self._changed:
            self._pauses += 1
            self._changed.wait_for(lambda: not self._running)
        try:
            yield self._ended
        finally:
            with self._changed:
                self._pauses -= 1
                self._changed.notify_all()
