"""The hunt file that a command uses if the user names none: `hunt.yaml` here or above."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from bisector import hunt_file
from bisector.cli.options import Chosen
from bisector.report.safe_text import visible

_OWN_WORK = {"test", "test.command"}
"""Keys that make a hunt on the command line complete: whoever says what to test means no other file."""


def with_usual_file(chosen: Chosen, *, quiet: bool = False) -> Chosen:
    """The user's choice, with the `hunt.yaml` here or above (or in `--repo`) if no hunt file is named.

    Options override its values, except that a hunt whose test is on the command line needs no file. Says on
    stderr which file is used, or not used, unless `quiet`.
    """
    if chosen.config is not None:
        return chosen
    file = hunt_file.usual(Path.cwd() / str(chosen.values.get("repository", ".")))
    if file is None:
        return chosen
    name = os.path.relpath(file)
    if not _OWN_WORK.isdisjoint(chosen.values):
        tell(f"not using {name}, because --test is another hunt; add --config {name} for both", quiet=quiet)
        return chosen
    tell(f"using the hunt file {name}", quiet=quiet)
    return replace(chosen, config=str(file), found=True)


def tell(text: str, *, quiet: bool = False) -> None:
    """Print a line to stderr, unless `quiet`."""
    if not quiet:
        print(f"bisector: {visible(text)}", file=sys.stderr, flush=True)
