"""`python -m benchmarks.probe_overhead`: what a probe costs beside its build and its test.

Build and test are one line of shell each, so that all of the time but theirs is the overhead: laying the
commit out, finding and keeping artefacts, owning the process tree, measuring, judging. Milliseconds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bisector.engine.fair_runs import Patience
from bisector.engine.reader import Reader
from bisector.engine.slots import Slots
from bisector.history.repository import Repository
from bisector.hunt_file import build
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.discovery import find_predicate
from bisector.probe.identity import Identity
from bisector.probe.judge import Judge
from bisector.probe.probe import prober
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from tests.git_history import chain, write_history

WANTED = 50.0
"""The limit for the median of a first probe of a commit, in milliseconds."""

HUNT: Mapping[str, Any] = {
    "build.command": "echo $BISECTOR_COMMIT > out",
    "build.outputs": ["out"],
    "test.command": "cat out; cat out > /dev/null",
    "test.memory": "1GiB",
}
CASES: Mapping[str, Mapping[str, Any]] = {
    "a commit laid out, built and tested": {},
    "the same, nothing declared as output": {"build.outputs": []},
    "the same, a ratio to the reference": {"predicate": "wall_time"},
    "the same, in a sandbox": {"sandbox": "bwrap"},
}
AGAIN = "tested once more"


@contextmanager
def engine(folder: Path, said: Mapping[str, Any], bad: str) -> Iterator[Reader]:
    """An engine with its own scratch folder, for the history in `folder`."""
    repository = Repository(folder / "repo")
    hunt = build(
        {"repository": str(folder / "repo"), "good": f"{bad}~1", "bad": bad, **HUNT, **said}, folder, None
    )
    kind = find_predicate(hunt.predicate.name, folder)
    environment = {name: os.environ[name] for name in ("PATH", "HOME")}
    with (
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        Slots(Path(scratch) / "slots", repository) as slots,
    ):
        ends = {"good": bad, "bad": bad}
        predicate = kind(kind.Options())
        setup = Setup(hunt, environment, Path(scratch), lambda *_: None, Scheduling(tests=cpus_of(hunt)))
        identity = Identity(hunt, repository, environment, ends, predicate=predicate)
        builds = Builds(setup, identity, ArtefactStore(Path(scratch) / "store"))
        yield Reader(prober(builds, Judge(predicate)), slots, patience=Patience(fair_attempts=0))


def overhead(local: Reader, commit: str, against: str) -> float:
    """Milliseconds of a reading without its tests."""
    began = time.perf_counter()
    reading = local.read(Request(commit, Role.SEARCH, against))
    seconds = time.perf_counter() - began
    return 1000 * (seconds - sum(run.wall for run in (reading.run, reading.reference) if run))


def measure(folder: Path, commits: Sequence[str], said: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """The overhead of the first and the second reading of each commit. Far and near commits alternate."""
    against = commits[0] if said.get("predicate") else ""
    first: list[float] = []
    again: list[float] = []
    with engine(folder, said, commits[-1]) as local:
        local.read(Request(commits[0], Role.SEARCH, against))
        for commit in itertools.chain(*zip(commits[1::2], commits[-1::-2], strict=False)):
            first.append(overhead(local, commit, against))
            again.append(overhead(local, commit, against))
    return first, again


def history(folder: Path, files: int, length: int) -> list[str]:
    """A history in which every commit changes three of `files` files of 4 kB."""
    text = "let rec loop n = if n = 0 then () else loop (n - 1)\n" * 80
    start: dict[str, str | None] = {f"lib/d{n % 50}/f{n}.ml": f"(* {n} *)\n{text}" for n in range(files)}
    start[".gitignore"] = "out\n"
    changes: dict[int, dict[str, str | None]] = {
        at: {f"lib/d{n % 50}/f{n}.ml": f"(* {at} *)\n{text}" for n in range(at, at + 3)}
        for at in range(1, length)
    }
    return list(write_history(folder / "repo", chain(length, {0: start, **changes})).values())


def main() -> int:
    """Measure, and print a table. Returns 1 if the limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probe_overhead", description=__doc__)
    parser.add_argument("--probes", type=int, default=40, help="commits read a case")
    parser.add_argument("--files", type=int, default=2000, help="files in the history")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args()
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="bisector-bench-") as scratch:
        commits = history(Path(scratch), asked.files, asked.probes + 1)
        for case, said in CASES.items():
            rows[case], again = measure(Path(scratch), commits, said)
            rows.setdefault(AGAIN, again)
    figures = [
        {"case": case, "probes": len(values), "median_ms": statistics.median(values), "p90_ms": _p90(values)}
        for case, values in rows.items()
    ]
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs"
    sys.stdout.write(f"{asked.files} files, {load}, median wanted below {WANTED:.0f} ms\n\n{_table(figures)}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n")
    return int(statistics.median(next(iter(rows.values()))) >= WANTED)


def _p90(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=10)[-1]


def _table(figures: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| case | probes | median ms | 90% below ms |", "|---|---|---|---|"]
    lines += [f"| {f['case']} | {f['probes']} | {f['median_ms']:.1f} | {f['p90_ms']:.1f} |" for f in figures]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
