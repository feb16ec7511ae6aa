"""The command line on a pseudo-terminal, with a person who answers its questions."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cli.running import BISECTOR


def typed(
    arguments: Sequence[str], folder: Path, answers: Sequence[tuple[str, str]], seconds: float = 120.0
) -> tuple[int, str]:
    """Run bisector on a terminal; returns its exit code and the screen.

    `answers` are the end of a question and what is typed then, in the order in which they are asked.
    """
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*BISECTOR, *arguments],
        cwd=folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(follower)
    screen, seen, left = b"", 0, list(answers)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ready, _, _ = select.select([leader], [], [], 0.2)
        if ready:
            chunk = b""
            with contextlib.suppress(OSError):
                chunk = os.read(leader, 65536)
            if not chunk:
                break
            screen += chunk
        if left and (at := screen.find(left[0][0].encode(), seen)) >= 0:
            seen = at + len(left[0][0])
            os.write(leader, left.pop(0)[1].encode())
    os.close(leader)
    assert not left, f"never asked: {left[0][0]}\n{screen.decode(errors='replace')}"
    return process.wait(10), screen.decode(errors="replace")
