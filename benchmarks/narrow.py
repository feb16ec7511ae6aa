"""`python -m benchmarks.narrow`: a cause among unrelated hunks, narrowed by bisector, and by ddmin.

    python -m benchmarks.narrow [--scenario jit-miss ...] [--hunks 10 50 200] [--json FILE]

For each scenario of the sample history, the change of its first bad commit is mixed into one commit with so
many unrelated hunks, in OCaml modules that are built too. Printed are the probes of `bisector narrow`
(commits built and tested, without those of the first hunt, which confirms that the commit is the step), as
a multiple of log2 of the number of changes, and the tests that ddmin (Zeller, Hildebrandt 2002) takes for
the same answer if no test errs and everything builds.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import facts, table
from bisector import demo

SCENARIOS = ("jit-miss", "env-copy", "snapshot-copy", "markers", "oom")
HUNKS = (1, 10, 50, 200)
_FOLDER = "hosts/ocaml/lib"
_PER_FILE, _GAP = 20, 6
_WHO = ("-c", "user.name=T", "-c", "user.email=t@example.org")


def git(folder: Path, *arguments: str) -> str:
    """The output of git."""
    done = subprocess.run(["git", *_WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def mixed(repo: Path, commit: str, hunks: int) -> str:
    """A commit with the change of `commit` and so many unrelated hunks; its parent differs in those only."""
    git(repo, "checkout", "--quiet", "--force", f"{commit}^")
    _write(repo, hunks, "before")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "unrelated modules")
    git(repo, "cherry-pick", "--no-commit", commit)
    _write(repo, hunks, "after")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", f"a change among {hunks} others")
    return git(repo, "rev-parse", "HEAD")


def _write(repo: Path, hunks: int, word: str) -> None:
    for at in range(0, hunks, _PER_FILE):
        size = min(_PER_FILE, hunks - at) * _GAP
        lines = [f"(* {word if n % _GAP == 0 else 'line'} {n} *)\n" for n in range(size)]
        (repo / _FOLDER / f"unrelated_{at // _PER_FILE:02}.ml").write_text("".join(lines))


def ddmin(size: int, fails: Callable[[set[int]], bool]) -> tuple[set[int], int]:
    """The set that ddmin ends with, and its number of different tests."""
    tests = 0
    known: dict[frozenset[int], bool] = {}

    def failing(chosen: Sequence[int]) -> bool:
        nonlocal tests
        key = frozenset(chosen)
        if key not in known:
            tests += 1
            known[key] = fails(set(chosen))
        return known[key]

    left, parts = list(range(size)), 2
    while len(left) >= 2:
        step = math.ceil(len(left) / parts)
        chunks = [left[at : at + step] for at in range(0, len(left), step)]
        rests = [[one for one in left if one not in chunk] for chunk in chunks]
        if smaller := next((chunk for chunk in chunks if failing(chunk)), None):
            left, parts = smaller, 2
        elif smaller := next((rest for rest in rests if failing(rest)), None):
            left, parts = smaller, max(parts - 1, 2)
        elif parts >= len(left):
            break
        else:
            parts = min(len(left), 2 * parts)
    return set(left), tests


def narrowed(scenario: str, hunks: int) -> dict[str, Any]:
    """The figures of one commit."""
    with tempfile.TemporaryDirectory(prefix="bisector-narrow-") as name:
        folder = Path(name)
        made = demo.make(folder / "sample", scenario, commits=60, seed=3, workload=100)
        truth = json.loads(made.truth.read_text())
        commit = mixed(made.repo, truth.get("first_bad") or truth["any_of"][-1], hunks)
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "bisector", "narrow", commit, "--json", "--config", str(made.hunt_file)],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        found = json.loads(done.stdout or "{}")
        levels = [one for one in found.get("descent", []) if one["kind"] == "changes"]
        if done.returncode or not levels or levels[0]["state"] != "found":
            return {"scenario": scenario, "hunks": hunks, "failed": done.stdout + done.stderr}
        level = levels[0]
        size, cause = level["of_changes"], len(level["changes"])
        _, tests = ddmin(size, lambda chosen: chosen.issuperset(range(size - cause, size)))
        return {
            "scenario": scenario,
            "hunks": hunks,
            "changes": size,
            "cause": level["changes"],
            "unrelated": [one for one in level["changes"] if "unrelated_" in one],
            "probes": level["probes"],
            "ddmin": tests,
            "seconds": seconds,
        }


def row(one: dict[str, Any]) -> tuple[str, ...]:
    """One row of the table."""
    if "failed" in one:
        return (one["scenario"], str(one["hunks"]), "failed", "", "", "", "")
    share = one["probes"] / math.log2(one["changes"]) if one["changes"] > 1 else math.nan
    return (
        one["scenario"],
        str(one["changes"]),
        str(len(one["cause"])),
        str(len(one["unrelated"])),
        f"{one['probes']} ({share:.1f} log2)",
        str(one["ddmin"]),
        f"{one['seconds']:.0f} s",
    )


def main() -> None:
    """Print a Markdown table, and write JSON if requested."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenario", action="append", choices=list(demo.SCENARIOS))
    parser.add_argument("--hunks", type=int, nargs="+", default=list(HUNKS))
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found = []
    for scenario in chosen.scenario or SCENARIOS:
        for hunks in chosen.hunks:
            found.append(narrowed(scenario, hunks))
            print(row(found[-1]), found[-1].get("failed", ""), file=sys.stderr, flush=True)
            if chosen.json:
                chosen.json.write_text(json.dumps({"machine": facts(), "commits": found}, indent=2))
    head = ("scenario", "changes", "in the patch", "unrelated ones", "probes", "ddmin", "time")
    print(f"{facts()}\n\n{table(head, list(map(row, found)))}")


if __name__ == "__main__":
    main()
