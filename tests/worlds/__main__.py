"""`python -m tests.worlds --worlds 2000 --seed N --jobs 2 --json FILE`: the long run of `make worlds`."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.worlds.generate import generate
from tests.worlds.judging import Grade
from tests.worlds.running import Outcome, run_number, run_world
from tests.worlds.scene import warm_up
from tests.worlds.traps import TRAPS


def main() -> int:
    """Run this many worlds. Returns 1 if one of them had a wrong answer."""
    chosen = _parser().parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    warm_up()
    began = time.monotonic()
    if chosen.keep:
        outcomes = [run_world(generate(chosen.seed, chosen.only[0]), chosen.keep)]
    elif chosen.only:
        outcomes = list(_run_all(chosen.seed, chosen.only, chosen.jobs))
    else:
        numbers = [n for n in range(chosen.worlds) if _has(chosen.seed, n, chosen.trap)]
        outcomes = list(_run_all(chosen.seed, numbers, chosen.jobs))
    _tell(outcomes, time.monotonic() - began)
    if chosen.json:
        chosen.json.write_text(json.dumps([one.as_document() for one in outcomes], indent=1))
    return 1 if any(one.grade is Grade.WRONG for one in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run bisector in worlds that set traps.")
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="worlds at the same time")
    parser.add_argument("--trap", choices=sorted(TRAPS), metavar="TRAP", help="only worlds with this trap")
    parser.add_argument("--only", type=int, nargs="+", metavar="K", help="only worlds with these numbers")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the first of these there, and keep it")
    parser.add_argument("--json", type=Path, help="where to write each world's outcome")
    return parser


def _has(seed: int, number: int, trap: str | None) -> bool:
    return trap is None or trap in generate(seed, number).traps


def _run_all(seed: int, numbers: Sequence[int], jobs: int) -> Iterable[Outcome]:
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        runs = [pool.apply_async(run_number, (seed, number)) for number in numbers]
        for done, run in enumerate(runs, start=1):
            outcome = run.get()
            if outcome.grade is Grade.WRONG:
                _say(f"WRONG {' + '.join(outcome.traps)}: {outcome.why}\n      {outcome.again}")
            if done % 100 == 0:
                _say(f"{done} of {len(numbers)}")
            yield outcome


def _tell(outcomes: Sequence[Outcome], seconds: float) -> None:
    by_trap: dict[str, Counter[Grade]] = defaultdict(Counter)
    for outcome in outcomes:
        for trap in outcome.traps:
            by_trap[trap][outcome.grade] += 1
    _say("| trap | right | honest | wrong |\n|---|---:|---:|---:|")
    for trap in TRAPS:
        if trap in by_trap:
            _say(_row(trap, by_trap[trap]))
    whole = Counter(outcome.grade for outcome in outcomes)
    _say(_row("**worlds**", whole))
    trusted = sum(outcome.trusted for outcome in outcomes)
    _say(f"wrong with exit 0: {trusted}; {len(outcomes)} worlds in {seconds:.0f} s")
    if len(outcomes) == 1:
        _say(f"{outcomes[0].grade.name}: {' + '.join(outcomes[0].traps)}: {outcomes[0].why}")


def _row(title: str, counts: Counter[Grade]) -> str:
    """A row of the Markdown table, as in docs/explanation/reliability.md."""
    return f"| {title} | {' | '.join(f'{counts[grade]:,}' for grade in Grade)} |"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
