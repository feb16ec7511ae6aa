"""Why a build failed: the commit's own fault, or a tool that is not there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

from bisector.errors import EnvironmentFault
from bisector.predicate import Ending, Run
from bisector.probe.command_words import begins_with


def require_tool(command: str | tuple[str, ...], environment: Mapping[str, str], output: str) -> None:
    """Raise EnvironmentFault where a program that a build names is not there.

    The first one of the command line, or one of which the `output` tells.
    """
    names = begins_with(command)
    for name in names:
        is_missed = name == names[0] or re.search(rf"(?<![\w./-]){re.escape(name)}: ", output)
        if is_missed and not shutil.which(name, path=environment.get("PATH")):
            raise EnvironmentFault(f"the build needs `{name}`, which is not on PATH; install it")


def why_build_failed(run: Run, timeout: float) -> str:
    """One sentence, with the last line that speaks of an error; `timeout` in seconds."""
    if run.ending is Ending.TIMEOUT:
        return f"the build did not end within {timeout:.0f} s"
    lines = [line.strip() for line in run.output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    tail = (errors or lines or ["no output"])[-1][:160]
    how = f"signal {run.signal}" if run.signal else f"exit {run.exit_code}"
    return f"it does not build ({how}): {tail}"
