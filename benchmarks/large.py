"""`python -m benchmarks.large`: a range of 100,000 commits, and slots of 50,000 files.

Every figure is the median of fresh processes. A start is all of a process that ends with the first commit
proposed; git's own `rev-list` of the same range is taken away from it, as there is no hunt without.
"""

from __future__ import annotations

import argparse
import functools
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from benchmarks.large_repositories import long_history, many_files

REV_LIST = ("git", "rev-list", "--topo-order", "--reverse", "--parents", "main", "--not", "good")
BUILD_INPUTS, TEST_INPUTS = ("core/section1", "lang"), ("test",)
"""The declared inputs. Three commits in ten change one of them."""
CHANGED = 10
"""Files that each commit changes in the large tree."""
SPARSE = ("part1", "part2")
SECONDS, MIB = 1.5, 400
"""Limits for a start: seconds in addition to `rev-list`, and memory."""


@dataclass(frozen=True)
class Row:
    """One line of the table. `limit` has the same unit."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    def cells(self) -> str:
        """The row in Markdown."""
        limit = "" if self.limit is None else f"{self.limit:g} {self.unit}"
        return f"| {self.what} | {self.value:.3g} {self.unit} | {limit} |"


def start(repository: str, scratch: str, declared: str) -> list[float]:
    """Start a hunt up to the first proposal in this process. Returns the candidates and the memory in MiB."""
    from bisector.hunt.decide.belief import Belief
    from bisector.hunt.ground import Ground
    from bisector.hunt.session import Session
    from bisector.hunt_file import build

    said: dict[str, object] = {"build.command": "true", "test.command": "true", "scratch": scratch}
    if declared:
        said |= {"build.inputs": list(BUILD_INPUTS), "test.inputs": list(TEST_INPUTS)}
    hunt = build({"repository": repository, "good": "good", "bad": "main", **said}, Path(scratch), None)
    session = Session(Ground(hunt, None, {}), ["good"])
    Belief(session.plan, []).propose()
    return [len(session.plan.candidates), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]


def slot(repository: str, scratch: str, sparse: str) -> list[float]:
    """Seconds for a new worktree, and for a checkout of the next commit in it (the median)."""
    from bisector.history.repository import Repository
    from bisector.history.worktree import Worktree

    user = Repository(Path(repository))
    newest, *older = user.first_parents("main")
    worktree = Worktree(user, Path(scratch) / "slot")
    lay_out = functools.partial(worktree.checkout, only=SPARSE if sparse else ())
    new = _seconds(lambda: worktree.create(newest)) + _seconds(lambda: lay_out(newest))
    moved = [_seconds(functools.partial(lay_out, commit)) for commit in older]
    worktree.remove()
    return [new, statistics.median(moved)]


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _in_fresh_process(task: str, *arguments: object) -> tuple[float, float, list[float]]:
    """Wall seconds, CPU seconds, and the output."""
    command = [sys.executable, "-m", "benchmarks.large", "--task", task, *map(str, arguments)]
    started, used = time.perf_counter(), _processor_time()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return time.perf_counter() - started, _processor_time() - used, json.loads(told)


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def starts(folder: Path, commits: int, times: int) -> Iterator[Row]:
    """A range of so many commits. git and both hunts run in turn, so a slow minute affects all of them."""
    repository = folder / "long"
    long_history(repository, commits)
    listing = functools.partial(
        subprocess.run, REV_LIST, cwd=repository, stdout=subprocess.DEVNULL, check=True
    )
    alone: list[float] = []
    taken: dict[str, list[tuple[float, float, list[float]]]] = {"": [], "declared": []}
    for _ in range(times):
        alone.append(_seconds(listing))
        for flag, figures in taken.items():
            figures.append(_in_fresh_process("start", repository, folder, flag))
    by_git = statistics.median(alone)
    yield Row(f"`git rev-list` of {commits:,} commits", by_git, "s")
    for flag, figures in taken.items():
        seconds = statistics.median(wall for wall, _, _ in figures)
        used = statistics.median(processor for _, processor, _ in figures)
        candidates, memory = (max(row) for row in zip(*[told for *_, told in figures], strict=True))
        which = f"{'inputs declared' if flag else 'all is input'}, {candidates:,.0f} candidates"
        yield Row(f"start to first proposal besides that ({which})", seconds - by_git, "s", SECONDS)
        yield Row(f"processor time of that start, git's and all ({which})", used, "s")
        yield Row(f"memory ({which})", memory, "MiB", MIB)


def slots(folder: Path, files: int, times: int) -> Iterator[Row]:
    """A slot with so many files."""
    repository = folder / "many"
    many_files(repository, files, CHANGED, commits=6)
    for flag in ("", "sparse"):
        told = [_in_fresh_process("slot", repository, folder, flag)[2] for _ in range(times)]
        new, moved = (statistics.median(row) for row in zip(*told, strict=True))
        which = f"{files:,} files{', the inputs in 2 of 50 folders' if flag else ''}"
        yield Row(f"new worktree ({which})", new, "s")
        yield Row(f"the slot moved on by {CHANGED} files ({which})", moved, "s", new)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the rows there too")
    parser.add_argument("--task", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        task, *arguments = chosen.task
        print(json.dumps({"start": start, "slot": slot}[task](*arguments)))
        return
    print("| what | measured | wanted |\n|---|---:|---:|")
    rows = []
    with tempfile.TemporaryDirectory(prefix="bisector-large-") as folder:
        for row in chain(
            starts(Path(folder), chosen.commits, chosen.times),
            slots(Path(folder), chosen.files, chosen.times),
        ):
            rows.append(asdict(row))
            print(row.cells(), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
