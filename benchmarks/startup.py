"""`python -m benchmarks.startup`: what `bisector` costs beside the work that was asked for.

Every figure is the median over fresh processes, taken in turns, so that a drift of the machine meets all
alike; it is told as a multiple of `python -c pass` in the same run. From a full probe the same build and
test, run by themselves, are taken away: what is left is bisector's own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.git_history import chain, write_history

PYTHON = "`python -c pass`"
HELP, KNOWN, FULL = "`--help`", "`probe`, verdict known", "`probe`, built and tested"
ALONE = "the same build and test by themselves"
WANTED = {HELP: 9.0, KNOWN: 13.0, FULL: 13.0}
"""Limits as multiples: 0.25 s and 0.35 s on a machine where `python -c pass` takes 27 ms."""
COMMITS = 5
BUILD, TEST = "echo built >out", "cat out >read"
HUNT = f"""\
repository: repo
good: main~{COMMITS - 1}
build: {{command: {BUILD}}}
test: {{command: {TEST}}}
scratch: scratch
"""


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` and `limit` are multiples of `python -c pass`."""

    what: str
    milliseconds: float
    ratio: float
    limit: float | None

    @property
    def holds(self) -> bool:
        """Whether the value is below the limit, if there is one."""
        return self.limit is None or self.ratio < self.limit

    def cells(self) -> str:
        """The row in Markdown."""
        limit = "" if self.limit is None else f"below {self.limit:g}"
        return f"| {self.what} | {self.milliseconds:.0f} | {self.ratio:.1f} | {limit} |"


def commands(folder: Path) -> Mapping[str, Sequence[str]]:
    """The command lines to run in `folder`, by name."""
    bisector = str(Path(sysconfig.get_path("scripts")) / "bisector")
    (folder.parent / "hunt.yaml").write_text(HUNT)
    probe = (bisector, "probe", "--config", "../hunt.yaml")
    return {
        PYTHON: (sys.executable, "-c", "pass"),
        "`--version`": (bisector, "--version"),
        HELP: (bisector, "--help"),
        "`probe --help`": (bisector, "probe", "--help"),
        KNOWN: probe,
        FULL: (*probe, "--again"),
        ALONE: ("sh", "-c", f"sh -c '{BUILD}'; sh -c '{TEST}'"),
    }


def measure(repeats: int) -> Mapping[str, float]:
    """Median seconds of each command. The first round warms the caches and does not count."""
    with tempfile.TemporaryDirectory(prefix="bisector-bench-") as scratch:
        folder = Path(scratch) / "repo"
        write_history(folder, chain(COMMITS, {0: {".gitignore": "out\nread\n"}}))
        asked = commands(folder)
        taken: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(repeats + 1):
            for name, command in asked.items():
                taken[name].append(_seconds(command, folder))
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def _seconds(command: Sequence[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def rows(medians: Mapping[str, float]) -> list[Row]:
    """The table. The build and the test of a full probe are subtracted."""
    unit = medians[PYTHON]
    found = []
    for name, seconds in medians.items():
        own = seconds - medians[ALONE] if name == FULL else seconds
        found.append(Row(name, 1000 * own, own / unit, WANTED.get(name)))
    return found


def main() -> int:
    """Measure, and print a table. Returns 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--repeats", type=int, default=15, help="processes of each kind")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args()
    found = rows(measure(asked.repeats))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs, {asked.repeats} processes each\n")
    print("| what | ms | times `python -c pass` | limit |\n|---|---|---|---|")
    print("\n".join(row.cells() for row in found))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n")
    return int(not all(row.holds for row in found))


if __name__ == "__main__":
    sys.exit(main())
