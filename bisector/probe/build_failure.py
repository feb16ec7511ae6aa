"""Why a build or a setup failed: the commit's fault, or a missing tool."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

from bisector.errors import EnvironmentFault
from bisector.predicate import Ending, Run
from bisector.probe.command_words import begins_with
from bisector.probe.terminal_codes import without_codes


def require_tool(
    what: str, command: str | tuple[str, ...], environment: Mapping[str, str], output: str
) -> None:
    """Raise EnvironmentFault if a program that the command of `what` (such as "build") needs is missing.

    That is the first program of the command line, or one that the `output` reports missing.
    """
    names = begins_with(command)
    for name in names:
        is_missed = name == names[0] or re.search(rf"(?<![\w./-]){re.escape(name)}: ", output)
        if is_missed and not shutil.which(name, path=environment.get("PATH")):
            raise EnvironmentFault(f"the {what} needs `{name}`, which is not on PATH; install it")


_FIRST_CAUSE = re.compile(
    r"\berror(\[\w+\])?:\s|\bfatal error\b|undefined reference to|cannot find -l|: undefined symbol"
    r"|^\s*(\w+\.)*\w*(Error|Exception):\s|\bError: |^error TS\d+|: command not found|: not found$"
    r"|\[ERROR\] \S+:\[\d+,\d+\]"
    r"|No such file or directory|Cannot find module|npm (ERR!|error) (?!code|errno|path|syscall|A complete)",
)
"""Lines of compilers, linkers, interpreters and shells that name a cause."""
_ONLY_A_RESULT = re.compile(
    r"^(g|re|n)?make(\[\d+\])?: (\*\*\*|Entering|Leaving)|^ninja: |collect2: error|ld returned \d+"
    r"|linker command failed|could not compile|aborting due to|error\(s\)|\d+ errors?\b|^error: build failed"
    r"|Process completed with|exit(ed with)? (code|status)",
    re.IGNORECASE,
)
"""Lines that only say that something before them failed."""
_LONGEST_LINE = 160


def why_failed(what: str, run: Run, timeout: float) -> str:
    """One sentence with the first line of output that names a cause; `timeout` in seconds."""
    if run.ending is Ending.TIMEOUT:
        return f"the {what} did not finish within {timeout:.0f} s"
    how = f"signal {run.signal}" if run.signal else f"exit {run.exit_code}"
    return f"the {what} fails ({how}): {cause_in(run.output)[:_LONGEST_LINE]}"


def cause_in(output: str) -> str:
    """The line of a failed command's output that says most about the cause.

    That is the first error of a compiler, linker, interpreter or shell, not the last line, where make says
    only that a recipe failed. Without one, it is the first line that mentions an error, else the last line.
    """
    lines = [line.strip() for line in without_codes(output).splitlines() if line.strip()]
    telling = [line for line in lines if not _ONLY_A_RESULT.search(line)]
    causes = [line for line in telling if _FIRST_CAUSE.search(line)]
    errors = [line for line in telling if "error" in line.lower()]
    return next(iter([*causes[:1], *errors[:1], *telling[-1:], *lines[-1:]]), "no output")
