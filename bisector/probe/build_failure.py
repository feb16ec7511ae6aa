"""Why a build failed: the commit's own fault, or a tool that is not there."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from bisector.errors import EnvironmentFault
from bisector.predicate import Ending, Run


def require_tool(command: str | tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Raise EnvironmentFault where the program that a build begins with is not there."""
    words = command.split() if isinstance(command, str) else command
    tool = words[0]
    if tool.replace("-", "").replace("_", "").isalnum() and not shutil.which(
        tool, path=environment.get("PATH")
    ):
        raise EnvironmentFault(f"the build needs `{tool}`, which is not on PATH; install it")


def why_build_failed(run: Run, timeout: float) -> str:
    """One sentence, with the last line that speaks of an error; `timeout` in seconds."""
    if run.ending is Ending.TIMEOUT:
        return f"the build did not end within {timeout:.0f} s"
    lines = [line.strip() for line in run.output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    tail = (errors or lines or ["no output"])[-1][:160]
    how = f"signal {run.signal}" if run.signal else f"exit {run.exit_code}"
    return f"it does not build ({how}): {tail}"
