"""`python -m benchmarks.calibration`: is the stated confidence true, and what when the model is broken?"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.calibration.hunts import CONFIRMED, Ending
from benchmarks.calibration.picture import svg
from benchmarks.calibration.sharing import BROKEN, HOLDING, measure, portions
from benchmarks.calibration.tables import Results, by_parameters, calibration, misfits, pooled


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--hunts", type=int, default=2000, help="for each noise model")
    parser.add_argument("--misfits", type=int, default=500, help="hunts for each broken assumption")
    parser.add_argument("--jobs", type=int, default=2, help="processes, all at the lowest priority")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--json", type=Path, help="write every count into this file")
    parser.add_argument("--plot", type=Path, help="draw the reliability picture into this SVG file")
    return parser.parse_args()


def counts(results: Results) -> list[dict[str, object]]:
    """Every ending of every case, for JSON."""
    return [
        {
            "group": case.group,
            "case": case.label,
            "stated": stage,
            "mean_probes": round(tally.mean, 2),
            **{ending.value: tally.count(ending) for ending in Ending},
        }
        for case, tallies in results.items()
        for stage, tally in tallies.items()
    ]


def main() -> int:
    """Measure, print and store."""
    asked, began = arguments(), time.perf_counter()
    # Two processes that each have several threads would slow each other down.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    shares = list(portions(asked.hunts, asked.misfits, asked.only))
    results = measure(shares, asked.jobs)
    holding = {case: tallies for case, tallies in results.items() if case in HOLDING}
    failing = {case: tallies for case, tallies in results.items() if case in BROKEN}
    if holding:
        groups = pooled(holding)
        sys.stdout.write(calibration(groups.items()) + "\n" + by_parameters(holding) + "\n")
        if asked.plot:
            asked.plot.write_text(svg(groups))
    if failing:
        sys.stdout.write(misfits(failing) + "\n")
    done = sum(len(tallies[CONFIRMED].endings) for tallies in results.values())
    sys.stdout.write(f"{done:,} hunts, {(time.perf_counter() - began) / 60:.0f} min\n")
    if asked.json:
        asked.json.write_text(json.dumps(counts(results), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
