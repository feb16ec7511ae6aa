"""The user's commands before and after a measurement, such as pausing and resuming other work.

`after` runs for each `before` that was started, whatever happens in between. If bisector is killed in
between, a record in the slots' folder says which command is pending, and the next start runs it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import MappingProxyType

from bisector.errors import EnvironmentFault
from bisector.hunt_file.machine import Measure
from bisector.probe.execution import GivenUp
from bisector.probe.file_lock import FileLock, try_lock
from bisector.probe.launch import SHELL

PATIENCE = 60.0
"""Seconds after which such a command counts as failed."""

_LOOK = 0.1
"""Seconds between checks whether the reading is still wanted."""

_RECORD = ".after"

_REMEDY = "fix it, or remove it"

Line = str | tuple[str, ...]


@contextmanager
def hooks(measure: Measure, folder: Path, records: Path, stop: Event | None = None) -> Iterator[None]:
    """Run `measure.before`, the body, then `measure.after`; both commands in `folder`, with the whole
    environment, because they are the user's own.

    Raises EnvironmentFault if one of them fails, GivenUp if `stop` is set during the first.
    """
    record = _recorded(measure.after, folder, records) if measure.after else None
    try:
        if measure.before:
            run_hook("measure.before", measure.before, folder, stop=stop)
        yield
    finally:
        if measure.after and record:
            _finish(record, measure.after, folder, _REMEDY)


def finish_pending(records: Path) -> None:
    """Run the pending commands of dead hunts; if one fails (EnvironmentFault), its record stays."""
    for path in records.glob(f"*{_RECORD}"):
        record = try_lock(path)
        if record is None:
            continue
        try:
            document = json.loads(path.read_text())
        except ValueError:
            record.release()  # Its owner died while writing it, before anything needed to be undone.
            continue
        line = document["after"] if isinstance(document["after"], str) else tuple(document["after"])
        remedy = f"a killed hunt left it pending: run it by hand, then remove {path}"
        _finish(record, line, Path(document["folder"]), remedy)


def _finish(record: FileLock, line: Line, folder: Path, remedy: str) -> None:
    try:
        run_hook("measure.after", line, folder, remedy)
    except EnvironmentFault:
        record.let_go()
        raise
    record.release()


def _recorded(after: Line, folder: Path, records: Path) -> FileLock:
    """Record a pending command; the record stays locked as long as its owner lives."""
    path = records / f"{os.getpid()}-{threading.get_ident()}{_RECORD}"
    try:
        record = try_lock(path)
        if record is None:
            raise EnvironmentFault(f"{path} is locked by another process; choose another `scratch`")
        path.write_text(json.dumps({"after": after, "folder": str(folder)}))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {path} ({error.strerror}); choose another `scratch`") from error
    return record


def run_hook(
    key: str,
    line: Line,
    folder: Path,
    remedy: str = _REMEDY,
    stop: Event | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run a command of the user's own in `folder`, with the whole environment and `variables`.

    Its output goes to a file, not a pipe, so that it can leave a process running. Raises EnvironmentFault,
    with the `key` of the hunt file, if it fails or takes longer than a minute; GivenUp if `stop` is set.
    """
    words = (SHELL, "-c", line) if isinstance(line, str) else line
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **variables},
            )
            code = _ended(process, stop)
            failure = f"exit {code}" if code else ""
        except subprocess.TimeoutExpired:
            failure = f"no exit within {PATIENCE:.0f} s"
        except OSError as error:
            failure = str(error.strerror)
        if failure:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()[-1:]
            raise EnvironmentFault(f"{key} failed ({': '.join([failure, *said])}); {remedy}")


def _ended(process: subprocess.Popen[bytes], stop: Event | None) -> int:
    """The exit code. Kills the process and raises TimeoutExpired after `PATIENCE`, GivenUp on `stop`."""
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                return process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise
            if stop is not None and stop.is_set():
                raise GivenUp
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
