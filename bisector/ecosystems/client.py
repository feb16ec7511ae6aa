"""Runs the client of an ecosystem, such as pip or npm: the one place from which a registry is asked."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bisector.ecosystems.contract import NO_FILES, Answer, ClientFault, Files

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_LONGEST = 300
"""Characters of a client's own message that an error repeats."""


@dataclass(frozen=True, slots=True)
class Client:
    """Runs commands with this environment, each in a new folder that is removed afterwards.

    The environment decides which client is found and which registry it asks: PATH, HOME, PIP_INDEX_URL,
    npm_config_registry. A command that takes longer than `seconds` is ended with all that it started.
    """

    environment: Mapping[str, str]
    seconds: float = 120.0

    def __call__(self, command: Sequence[str], files: Files = NO_FILES) -> Answer:
        """What the command prints on standard output. Raises `ClientFault` with the client's last words."""
        program = shutil.which(command[0], path=self.environment.get("PATH", os.defpath))
        if program is None:
            raise ClientFault(f"there is no {command[0]} on PATH; install it to ask about releases")
        with tempfile.TemporaryDirectory(prefix="bisector-client-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            for path, content in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            output = self._output([program, *command[1:]], command, folder)
            return Answer(
                output, {path: (folder / path).read_bytes() for path in files if (folder / path).is_file()}
            )

    def _output(self, argv: Sequence[str], shown: Sequence[str], folder: Path) -> str:
        told = _CREDENTIALS.sub("***", shlex.join(shown))
        # A session of its own, so that all that the client starts can be ended with it.
        running = subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = running.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise ClientFault(f"`{told}` did not end within {self.seconds:g} s") from None
        finally:
            _end(running)
        if running.returncode != 0:
            raise ClientFault(f"`{told}` failed: {_last_words(err or out) or f'exit {running.returncode}'}")
        return out.decode("utf-8", "replace")


def _end(running: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


_HINTS = ("A complete log", "[notice]", "WARNING", "npm warn", "hint:")


def _last_words(output: bytes) -> str:
    """The lines that tell most: the errors, else the last line."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines()]
    # npm has its name before each line, and a code in the first one.
    lines = [re.sub(r"^npm err(or|!)(?! code)(?= \S)", "error:", line, flags=re.IGNORECASE) for line in lines]
    lines = [line for line in lines if line and not re.match(r"npm err(or|!)", line, re.IGNORECASE)]
    lines = [line for line in lines if not any(hint in line for hint in _HINTS)]
    errors = [line for line in lines if re.match(r"(err(or)?|caused by)\b", line, re.IGNORECASE)]
    told = " / ".join(errors[:4] or lines[-1:])
    return _CREDENTIALS.sub("***", told)[:_LONGEST]
