"""What a careful engineer would hand to `git bisect run`: build, test, and a threshold calibrated once.

    git bisect run python -m benchmarks.git_judge HUNT_FILE [SECONDS_PER_TEST]

Run in the top folder of a checkout, it builds and tests with the commands of the hunt file, and exits
0, 1 or 125. `SECONDS_PER_TEST` is the good commit's figure, for a hunt that measures.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from bisector import hunt_file
from bisector.hunt.ground import predicate_of
from bisector.hunt_file import Hunt
from bisector.predicate import Good, Predicate, Run
from bisector.probe.execution import Command, Limits, execute


def tested(hunt: Hunt, predicate: Predicate[Any], checkout: Path) -> Run | None:
    """Build and test what stands in `checkout`; None where it does not build."""
    if hunt.build:
        command = Command(hunt.build.command, checkout / hunt.build.folder, os.environ)
        if execute(command, Limits(hunt.build.timeout)).run.exit_code != 0:
            return None
    test = Command(hunt.test.command, checkout / hunt.test.folder, os.environ)
    limits = Limits(hunt.test.timeout, hunt.test.memory, hunt.test.output)
    return execute(test, limits, predicate.patterns, predicate.watch).run


def main() -> int:
    """Judge the current folder as git bisect wants it."""
    path = Path(sys.argv[1])
    hunt = hunt_file.load(path)
    predicate = predicate_of(hunt, path)
    run = tested(hunt, predicate, Path.cwd())
    if run is None:
        return 125
    if predicate.paired:
        figure = predicate.figure(run)  # type: ignore[attr-defined]  # all paired predicates that ship have it
        return 1 if figure is None else int(figure > float(sys.argv[2]) * predicate.options.ratio)
    judged = predicate.watch(run) or predicate.judge(run, None)
    return int(not isinstance(judged, Good))


if __name__ == "__main__":
    # A mistake here must not be taken for "bad" by git.
    code = 128
    try:
        code = main()
    finally:
        sys.exit(code)
