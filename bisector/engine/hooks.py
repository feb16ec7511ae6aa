"""The user's own commands before and after what is measured, such as pausing other work and resuming it.

`after` runs for each `before` that was started, whatever happens in between. Should bisector be killed
there, a record in the slots' folder says what is still to be done, and the next start does it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from bisector.errors import EnvironmentFault
from bisector.hunt_file.model import Measure
from bisector.probe.execution import GivenUp
from bisector.probe.file_lock import FileLock, try_lock
from bisector.probe.launch import SHELL

PATIENCE = 60.0
"""Seconds after which such a command has failed."""

_LOOK = 0.1
"""Seconds between two looks whether it is still wanted."""

_RECORD = ".after"

Line = str | tuple[str, ...]


@contextmanager
def hooks(measure: Measure, folder: Path, records: Path, stop: Event | None = None) -> Iterator[None]:
    """Run `measure.before`, what is inside, then `measure.after`; both in `folder`, seeing all of the
    environment, since they are the user's own.

    Raises EnvironmentFault when one of them fails, GivenUp when `stop` is set during the first.
    """
    record = _recorded(measure.after, folder, records) if measure.after else None
    try:
        if measure.before:
            _run("measure.before", measure.before, folder, stop=stop)
        yield
    finally:
        if measure.after and record:
            _finish(record, measure.after, folder, "mend it, or remove it")


def finish_pending(records: Path) -> None:
    """Run what dead hunts left to be run; a record stays where that fails (EnvironmentFault)."""
    for path in records.glob(f"*{_RECORD}"):
        record = try_lock(path)
        if record is None:
            continue
        try:
            document = json.loads(path.read_text())
        except ValueError:
            record.release()  # Its owner died before it was written, hence before anything was to be done.
            continue
        line = document["after"] if isinstance(document["after"], str) else tuple(document["after"])
        mend = f"a hunt that was killed left it: run it by hand, then remove {path}"
        _finish(record, line, Path(document["folder"]), mend)


def _finish(record: FileLock, line: Line, folder: Path, mend: str) -> None:
    try:
        _run("measure.after", line, folder, mend)
    except EnvironmentFault:
        record.let_go()
        raise
    record.release()


def _recorded(after: Line, folder: Path, records: Path) -> FileLock:
    """The record of a command still to be run; it stays locked as long as its owner lives."""
    path = records / f"{os.getpid()}-{threading.get_ident()}{_RECORD}"
    try:
        record = try_lock(path)
        if record is None:
            raise EnvironmentFault(f"{path} is held by another process; name another `scratch`")
        path.write_text(json.dumps({"after": after, "folder": str(folder)}))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {path} ({error.strerror}); choose another `scratch`") from error
    return record


def _run(
    key: str, line: Line, folder: Path, mend: str = "mend it, or remove it", stop: Event | None = None
) -> None:
    """What it prints goes to a file and not to a pipe, so that it may leave something running."""
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
            )
            code = _ended(process, stop)
            failure = f"exit {code}" if code else ""
        except subprocess.TimeoutExpired:
            failure = f"it did not end within {PATIENCE:.0f} s"
        except OSError as error:
            failure = str(error.strerror)
        if failure:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()[-1:]
            raise EnvironmentFault(f"{key} fails ({': '.join([failure, *said])}); {mend}")


def _ended(process: subprocess.Popen[bytes], stop: Event | None) -> int:
    """The exit code; TimeoutExpired after `PATIENCE`, GivenUp once `stop` is set: then it is ended."""
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
