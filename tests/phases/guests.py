"""Small test suites written in shell, and the commands that look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bisector.hunt.ground import opened
from bisector.hunt.scratch import Scratch
from tests.cli.running import bisector
from tests.git_history import Node, write_history

BURN = "awk 'BEGIN { while (n < %d) n++ }' </dev/null\n"
"""Some user time: about 0.02 s for a million rounds."""

SUITES = "echo 'parse: %d/2'; echo 'eval: %d/3'; echo 'total: %d/5'\n"


def script(rounds: int, parse: int = 2, evaluated: int = 3, failing: str = "", watchdog: int = 60) -> str:
    """A test of five tests in two suites, with a watchdog of `watchdog` seconds."""
    named = f"echo 'fail {failing}: expected 1, got 2'\n" if failing else ""
    board = SUITES % (parse, evaluated, parse + evaluated)
    return f"timeout {watchdog} {BURN % rounds}{named}{board}test {parse + evaluated} = 5\n"


def guests(folder: Path, **commits: Mapping[str, str | None]) -> dict[str, str]:
    """A repository with these commits in a line, each a change of files. Returns their ids by name."""
    names = list(commits)
    nodes = [Node(name, [names[at - 1]] if at else [], commits[name]) for at, name in enumerate(names)]
    return write_history(folder / "repo", nodes)


def hunt(
    folder: Path,
    name: str,
    good: str,
    bad: str,
    predicate: str = "per_test_user_time",
    more: str = "",
    command: str = "",
) -> Path:
    """A hunt file of a test suite whose script is NAME.sh."""
    (folder / "configs").mkdir(exist_ok=True)
    file = folder / "configs" / f"{name}.yaml"
    file.write_text(
        f"repository: ../repo\ngood: {good}\nbad: {bad}\n"
        f"test: {{command: {command or f'bash {name}.sh'}, timeout: 20s}}\n"
        f"predicate: {predicate}\nscratch: ../worktrees\n{more}"
    )
    return file


def result(*arguments: str, folder: Path, expected: int = 0) -> dict[str, Any]:
    """The JSON output of a phase, which must exit with this code."""
    done = bisector(*arguments, "--json", folder=folder)
    assert done.returncode == expected, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def readings(folder: Path) -> int:
    """The number of readings in the journal of `folder`."""
    with opened(Scratch(folder / "worktrees")) as journal:
        return sum(len(journal.readings(row.id)) for row in journal.hunts())
