"""What a user can mend, and the exit codes.

An error carries one clear sentence: what happened, where, and how to mend it.
Anything that is not a `BisectorError` is a bug of bisector.
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
    NO_SUCH_COMMAND = 129
    INTERRUPTED = 130


class BisectorError(Exception):
    """Base of all expected failures; its text is shown to the user as it is."""

    exit_code: ExitCode = ExitCode.ENVIRONMENT


class UsageError(BisectorError):
    """A command line or a hunt file that cannot be carried out as written."""

    exit_code = ExitCode.USAGE


class HuntFileError(UsageError):
    """A hunt file that does not say what it must; the text names file, line, key and the mend."""


class HistoryError(UsageError):
    """A revision, range or repository that cannot be searched as asked."""


class EnvironmentFault(BisectorError):
    """The machine lacks something that the hunt needs (a tool, disk, permission)."""


class InfrastructureFault(EnvironmentFault):
    """A probe failed for a reason that is not the commit's; it may be retried and is never a verdict."""


class CommitFault(InfrastructureFault):
    """A commit cannot be laid out: where others can, that is the commit's own fault."""
