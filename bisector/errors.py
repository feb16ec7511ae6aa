"""Errors that a user can fix, and the exit codes.

An error has one clear sentence: what happened, where, and how to fix it.
Anything that is not a `BisectorError` is a bug in bisector.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `bisector run` and of the phases; `probe` has git's own (0, 1, 125, 128 and above)."""

    FIRST_BAD = 0
    CHECK_FAILED = 1
    USAGE = 2
    NO_REGRESSION = 3
    ONLY_UNTESTABLE = 4
    INCONCLUSIVE = 5
    ENVIRONMENT = 6
    WRONG_ENDPOINTS = 7
    NO_SUCH_COMMAND = 129
    INTERRUPTED = 130


class BisectorError(Exception):
    """Base class of all expected failures; its text is shown to the user unchanged."""

    exit_code: ExitCode = ExitCode.ENVIRONMENT


class UsageError(BisectorError):
    """A command line or a hunt file that bisector cannot execute as written."""

    exit_code = ExitCode.USAGE


class HuntFileError(UsageError):
    """An invalid hunt file; the text names file, line, key and the fix."""


class HistoryError(UsageError):
    """A revision, range or repository that cannot be searched."""


class SwappedEnds(HistoryError):
    """The newer end is older than the older one."""


class Interrupted(BisectorError):
    """The user interrupted a command that starts over next time; the text says what it left behind."""

    exit_code = ExitCode.INTERRUPTED


class EnvironmentFault(BisectorError):
    """The machine lacks something that the hunt needs (a tool, disk, permission)."""


class InfrastructureFault(EnvironmentFault):
    """A probe failed for a reason other than the commit; it may be retried and is never a verdict."""


class CommitFault(InfrastructureFault):
    """A commit cannot be checked out; if others can, the commit itself is at fault."""
