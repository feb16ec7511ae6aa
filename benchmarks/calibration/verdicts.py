"""`python -m benchmarks.calibration.verdicts`: whole hunts with a test that fails now and then.

Premise, search, confirmation and ending are those of `bisector run`; the runs are drawn, without a process.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad
from bisector.predicate import Bad, Good, Judgement
from tests.hunt.fake_engine import FakeEngine, hunt, plan_of

WITHOUT = [(24, rate, rate) for rate in (0.05, 0.1, 0.2, 0.3, 0.5)]
WITH = [
    (size, before, after) for size in (32, 1000) for before, after in ((0.1, 0.9), (0.1, 0.5), (0.0, 0.3))
]
UNSAID = [(24, 0.0, after) for after in (0.2, 0.4, 0.7)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A line of `size` commits whose test fails at these rates before and from the change on."""

    size: int
    before: float
    after: float
    change: bool

    def __str__(self) -> str:
        rates = f"{self.before:g} to {self.after:g}" if self.change else f"{self.before:g}, no change"
        return f"{self.size:,} commits, {rates}"


def played(cell: Cell, seconds: float, seed: int) -> tuple[str, int]:
    """The conclusion of one hunt, and its runs."""
    rng = random.Random(f"{cell} {seed}")
    first = rng.randrange(cell.size) if cell.change else cell.size
    plan = plan_of([[at - 1] if at else [] for at in range(cell.size)])

    def judge(commit: str, _against: str) -> Judgement:
        is_bad = commit != "good" and int(commit[1:]) >= first
        return Bad("fails") if rng.random() < (cell.after if is_bad else cell.before) else Good("passes")

    found, engine, _, _ = hunt(plan, judge, engine=FakeEngine(judge, seconds=seconds))
    return _worth(found, f"c{first}"), len(engine.asked)


def _worth(found: Conclusion, culprit: str) -> str:
    if isinstance(found, FirstBad | AnyOf):
        named = (found.commit,) if isinstance(found, FirstBad) else found.commits
        return "right" if culprit in named else "wrong commit"
    return found.name


def row(cell: Cell, ends: Iterable[tuple[str, int]]) -> str:
    """One line of the table."""
    ends = list(ends)
    counts = Counter(end for end, _ in ends)
    wrong_ends = counts["good-is-bad"] + counts["bad-is-good"]
    columns = [counts[name] for name in ("right", "wrong commit", "no-regression")]
    shares = " | ".join(f"{n / len(ends):.1%}" for n in (*columns, wrong_ends, counts["inconclusive"]))
    return f"| {cell} | {len(ends):,} | {shares} | {sum(n for _, n in ends) / len(ends):.0f} |\n"


def main() -> int:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration.verdicts", description=__doc__)
    parser.add_argument("--hunts", type=int, default=2000, help="for each row")
    parser.add_argument("--seconds", type=float, default=0.1, help="what a run takes")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    asked = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    cells = [Cell(*one, change=False) for one in WITHOUT]
    cells += [Cell(*one, change=True) for one in (*UNSAID, *WITH)]
    sys.stdout.write(
        "| range | hunts | right | wrong commit | no regression | swapped, or good is bad | inconclusive "
        "| runs |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    with ProcessPoolExecutor(asked.jobs) as pool:
        for cell in cells:
            sys.stdout.write(
                row(cell, pool.map(partial(played, cell, asked.seconds), range(asked.hunts), chunksize=5))
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
