"""The command `bisector`: the one boundary where errors become exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import traceback
from types import FrameType

from bisector.errors import BisectorError, ExitCode
from bisector.history.redirection import REDIRECTING

_OBJECTS = 200_000
"""Python's 700 have it look for garbage a hundred times while modules are imported, which make none."""


def run(arguments: list[str]) -> int:
    """Run a command line; its exit code."""
    gc.set_threshold(_OBJECTS)
    for name in REDIRECTING:
        os.environ.pop(name, None)
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, _interrupt)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("bisector: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)


def _run(arguments: list[str]) -> int:
    from typer.exceptions import Abort, TyperException

    from bisector.cli.app import app_for

    try:
        code = app_for(*arguments[:1])(arguments, prog_name="bisector", standalone_mode=False)
        if code == ExitCode.INTERRUPTED:  # what typer makes of KeyboardInterrupt
            raise KeyboardInterrupt
        return int(code or 0)
    except BisectorError as error:
        from bisector.report.safe_text import visible_lines

        # It may quote a file name, a tool or a commit message.
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
    """Whether the first word is a command: `git bisect run` would take a mistyped `probe` for bad at 2."""
    from typer.main import get_group

    from bisector.cli.app import app

    word = next((word for word in arguments if not word.startswith("-")), None)
    return word is None or word in get_group(app).commands


def _interrupt(_signal_number: int, _frame: FrameType | None) -> None:
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Once is enough: what is being put away now must not be left half done.
        signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _report_bug() -> int:
    with tempfile.NamedTemporaryFile(
        "w", prefix="bisector-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(f"bisector {' '.join(sys.argv[1:])}\n\n{traceback.format_exc()}")
    last = traceback.format_exc().strip().splitlines()[-1]
    print(
        f"bisector: a bug of bisector, not of yours: {last}; please report it with {log.name}",
        file=sys.stderr,
    )
    return os.EX_SOFTWARE
