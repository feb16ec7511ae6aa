"""The command `bisector`: turns errors into exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType

from bisector.errors import BisectorError, ExitCode
from bisector.history.redirection import take_out

_OBJECTS = 200_000
"""Threshold of the garbage collector: with Python's 700 it would run a hundred times during imports."""


def run(arguments: list[str]) -> int:
    """Run a command line; returns its exit code."""
    gc.set_threshold(_OBJECTS)
    take_out(os.environ)
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, _interrupt)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("bisector: interrupted; run the same command to continue", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)


def _run(arguments: list[str]) -> int:
    from typer.exceptions import Abort, TyperException

    try:
        Path.cwd()
    except FileNotFoundError:
        print("bisector: the current folder was deleted; change to one that exists", file=sys.stderr)
        return int(ExitCode.USAGE)

    from bisector.cli.app import app_for

    try:
        code = app_for(*arguments[:1])(arguments, prog_name="bisector", standalone_mode=False)
        if code == ExitCode.INTERRUPTED:  # typer's code for KeyboardInterrupt
            raise KeyboardInterrupt
        return int(code or 0)
    except BisectorError as error:
        from bisector.report.safe_text import visible_lines

        # The message may quote a file name, a tool or a commit message.
        print(f"bisector: {visible_lines(str(error))}", file=sys.stderr)
        return int(error.exit_code)
    except Abort as error:
        raise KeyboardInterrupt from error
    except TyperException as error:
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return int(ExitCode.USAGE if _names_a_command(arguments) else ExitCode.NO_SUCH_COMMAND)
    except Exception:
        return _report_bug()


def _names_a_command(arguments: list[str]) -> bool:
    """Whether the first word is a command: `git bisect run` would take exit code 2 of a typo for bad."""
    from typer.main import get_group

    from bisector.cli.app import app

    word = next((word for word in arguments if not word.startswith("-")), None)
    return word is None or word in get_group(app).commands


def _interrupt(_signal_number: int, _frame: FrameType | None) -> None:
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Ignore further signals, so that the cleanup completes.
        signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _report_bug() -> int:
    with tempfile.NamedTemporaryFile(
        "w", prefix="bisector-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(f"bisector {' '.join(sys.argv[1:])}\n\n{traceback.format_exc()}")
    last = traceback.format_exc().strip().splitlines()[-1]
    print(
        f"bisector: internal error: {last}; please report it and attach {log.name}",
        file=sys.stderr,
    )
    return os.EX_SOFTWARE
