"""The description of the machine above every benchmark table, and the layout of the tables."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence

from bisector import __version__
from bisector.hunt.recording import machine_facts


def facts() -> str:
    """Machine and versions, for the line above a table."""
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg()[:1])
    machine = ", ".join(f"{name} {value}" for name, value in machine_facts().items())
    return f"{machine}, Python {platform.python_version()}, git {git}, bisector {__version__}, load {load}"


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *lines))
