"""The output of `build.identity`, such as a compiler version, which tells old builds from new ones."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.hunt_file import Hunt
from bisector.probe.launch import SHELL

PATIENCE = 60.0
"""Seconds after which the command counts as failed."""


def printed(hunt: Hunt, environment: Mapping[str, str], folder: Path) -> str:
    """The output of the hunt's `build.identity`, run in `folder`; '' if the hunt has none.

    Raises `EnvironmentFault` if it fails, prints nothing, or does not finish within a minute.
    """
    line = hunt.build.identity if hunt.build else None
    if line is None:
        return ""
    words = (SHELL, "-c", line) if isinstance(line, str) else line
    where = f"{hunt.locate('build', 'identity')}: build.identity"
    try:
        code, output = _run(words, environment, folder)
    except OSError as error:
        raise EnvironmentFault(f"{where} cannot run ({error.strerror}); fix or remove it") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(f"{where} did not finish within {PATIENCE:.0f} s; fix or remove it") from error
    said = output.decode(errors="backslashreplace").strip()
    if code or not said:
        why = ": ".join([f"exit {code}", *said.splitlines()[-1:]]) if code else "it prints nothing"
        raise EnvironmentFault(f"{where} fails ({why}); fix or remove it")
    return said


def _run(words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> tuple[int, bytes]:
    """The exit code and the output; kills the command's processes if interrupted."""
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return process.returncode, output
