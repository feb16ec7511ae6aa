"""The command line as a user runs it: in another process, with its output and exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.git_history import Node, write_history

BISECTOR = [sys.executable, "-m", "bisector"]


def bisector(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `bisector ARGUMENTS` in `folder`."""
    return subprocess.run(
        [*BISECTOR, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **environment},
    )


def summary_of(*arguments: str, folder: Path, **environment: str) -> dict[str, Any]:
    """The output of `bisector run --json ARGUMENTS`."""
    done = bisector("run", "--json", *arguments, folder=folder, **environment)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def until_interrupted(
    arguments: Sequence[str], folder: Path, ready: Callable[[], bool], how: signal.Signals
) -> int:
    """Run bisector, send a signal as soon as `ready`, and return its exit code."""
    process = subprocess.Popen(
        [*BISECTOR, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not ready():
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"bisector ended by itself with {process.returncode}")
    process.send_signal(how)
    return process.wait(60)


def shell_history(
    folder: Path, length: int = 12, bad_at: int = 8, broken: Sequence[int] = (), ignored: str = "out\n"
) -> dict[str, str]:
    """A history built by build.sh, whose test.sh fails from `bad_at` on. Commits in `broken` do not build."""
    nodes = [
        Node(
            f"c{at}",
            [f"c{at - 1}"] if at else [],
            {
                ".gitignore": ignored,
                "build.sh": "exit 3\n" if at in broken else f"echo {at} >out\n",
                "test.sh": f"test $(cat out) -lt {bad_at}\n",
                "doc": str(at),
            },
        )
        for at in range(length)
    ]
    return write_history(folder, nodes)


WORK = ("--build", "sh build.sh", "--test", "sh test.sh", "--good", "main~11")
