"""A hunt in a scene, with a check after each call of git, or killed at one of them (as a module)."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from bisector.history.repository import Repository
from tests.hostile.in_process import done

INTO_A_CALL = 0.003
"""Seconds after which a call of git is usually running."""


@contextmanager
def after_each_call(look: Callable[[], None]) -> Iterator[None]:
    """In this context, `look` is called after each call of git, in the same thread."""
    ask = Repository.git

    def watched(repository: Repository, *arguments: str, **how: Any) -> bytes:
        try:
            return ask(repository, *arguments, **how)
        finally:
            look()

    with patch.object(Repository, "git", watched):
        yield


@contextmanager
def killed_at(number: int) -> Iterator[None]:
    """In this context, the process is killed during a call of git, or after one that was fast."""
    ask = Repository.git
    calls = 0

    def deadly(repository: Repository, *arguments: str, **how: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == number:
            threading.Timer(INTO_A_CALL, os.kill, (os.getpid(), signal.SIGKILL)).start()
            ask(repository, *arguments, **how)
            signal.pause()
        return ask(repository, *arguments, **how)

    with patch.object(Repository, "git", deadly):
        yield


if __name__ == "__main__":
    os.chdir(sys.argv[2])
    with killed_at(int(sys.argv[1])):
        ended = done(*sys.argv[3:])
    sys.stderr.write(ended.err)
    raise SystemExit(ended.code)
