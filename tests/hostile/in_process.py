"""Commands run inside the test process: their output and exit code."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bisector.cli.main import run

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str


@contextlib.contextmanager
def standing_in(folder: Path, **environment: str) -> Iterator[None]:
    """The process in another folder, with another home and environment. Everything is restored afterwards."""
    here, kept = Path.cwd(), dict(os.environ)
    handlers = [signal.getsignal(one) for one in _SIGNALS]
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    os.environ.update(HOME=f"{folder}/home", XDG_CACHE_HOME=f"{folder}/home/.cache", TMPDIR=f"{folder}/tmp")
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(kept)
        for one, handler in zip(_SIGNALS, handlers, strict=True):
            signal.signal(one, handler)


def done(*words: str) -> Done:
    """Run `bisector WORDS` in this process."""
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["bisector", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(list(words))
    finally:
        sys.argv = argv
    return Done(words, code, out.getvalue(), err.getvalue())
