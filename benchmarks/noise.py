"""Small steps on a machine that is never quiet: bisector beside `git bisect run`.

    python -m benchmarks.noise [--time user|wall] [--burners 2] [--seeds 20] [--none 40] [--json FILE]

Processes burn the cores in random bursts while, on sample histories of 60 commits, three methods look for a
step of about 1.3x and 1.5x: `git bisect run` with one run and with the median of five, at a threshold
calibrated once (half way between the endpoints, measured the same way), and bisector. All of them measure
user time per test (`per_test_user_time`), or the wall time of the run (`wall_time`). Builds are prepared
beforehand: each commit's build copies the binary of the good or of the bad side. Last, a history without a
regression, in which bisector must name no commit.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bisector import demo

SERVER = "hosts/ocaml/_build/default/bin/sx_server.exe"
COMMITS = 60


@dataclass(frozen=True)
class Case:
    """One size of step: the scenario, the test suites whose mixture shows it, and the ratio of the hunt.

    `workload`, in percent of the usual one, gives a test of 0.1 s to 0.2 s of user time.
    """

    name: str
    scenario: str
    scripts: tuple[str, ...]
    ratio: float
    workload: int


HASKELL, PROLOG = "lib/haskell/conformance.sh", "lib/prolog/conformance.sh"
CASES = (
    Case("1.3x", "type-check", (HASKELL,), 1.1, 20),
    Case("1.5x", "snapshot-copy", (HASKELL, PROLOG), 1.15, 12),
)
NONE = Case("none", "none", (HASKELL,), 1.1, 20)


@dataclass
class Tally:
    """The results of one method over all seeds."""

    right: int = 0
    wrong: int = 0
    wrong_and_confirmed: int = 0
    unanswered: int = 0
    runs: int = 0
    seconds: float = 0.0
    endings: Counter[str] = field(default_factory=Counter)

    @property
    def hunts(self) -> int:
        """The number of hunts."""
        return self.right + self.wrong + self.unanswered

    def row(self) -> str:
        """Cells of a Markdown row."""
        return (
            f"{self.right}/{self.hunts} | {self.wrong} | {self.wrong_and_confirmed} | {self.unanswered} "
            f"| {self.runs / self.hunts:.0f} | {self.seconds / self.hunts:.0f}"
        )


Tallies = defaultdict[tuple[str, str], Tally]
"""By case and method."""


def burn(seed: int) -> None:
    """Use a core in random bursts, forever."""
    rng = random.Random(seed)
    while True:
        until = time.monotonic() + rng.expovariate(1 / 0.7)
        while time.monotonic() < until:
            pass
        time.sleep(rng.expovariate(1 / 0.7))


@contextmanager
def crowded(number: int) -> Iterator[None]:
    """A machine with so many busy processes, in random bursts."""
    burners = [multiprocessing.Process(target=burn, args=(at,), daemon=True) for at in range(number)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.terminate()


def git(folder: Path, *arguments: str) -> str:
    """The output of git."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def prepare(case: Case, folder: Path) -> tuple[Path, Path]:
    """The binaries of good and bad, built from one history of the case."""
    made = demo.make(folder / "prepared", case.scenario, commits=COMMITS, seed=1, workload=case.workload)
    built = []
    for side in ("baseline", "architecture"):
        git(made.repo, "checkout", "--quiet", side)
        subprocess.run(
            ["dune", "build", "--root", ".", "bin/sx_server.exe"],
            cwd=made.repo / "hosts/ocaml",
            check=True,
            capture_output=True,
        )
        built.append(folder / f"{case.name}-{side}.exe")
        shutil.copy2(made.repo / SERVER, built[-1])
    return built[0], built[1]


@dataclass(frozen=True)
class Sample:
    """A history whose commits build by copying."""

    case: Case
    repo: Path
    first_bad: str | None
    build: str
    test: str
    by_wall: bool
    """Whether wall time is measured, instead of user time per test."""


def sample(case: Case, binaries: tuple[Path, Path], folder: Path, seed: int, *, by_wall: bool) -> Sample:
    """The history for a seed."""
    made = demo.make(folder / "sample", case.scenario, commits=COMMITS, seed=seed, workload=case.workload)
    first = json.loads(made.truth.read_text())["first_bad"]
    bad = git(made.repo, "rev-list", "--ancestry-path", f"{first}..architecture").split() if first else []
    (folder / "bad").write_text("\n".join([first, *bad] if first else []))
    build = (
        f"mkdir -p {Path(SERVER).parent} && if grep -q $(git rev-parse HEAD) {folder}/bad; "
        f"then cp {binaries[1]} {SERVER}; else cp {binaries[0]} {SERVER}; fi"
    )
    scripts = "; ".join(f"bash {script}" for script in case.scripts)
    sums = 'awk \'/^total:/ {split($2, n, "/"); p += n[1]; t += n[2]} END {print "all: " p "/" t}\''
    return Sample(case, made.repo, first, build, f"{{ {scripts}; }} | {sums}", by_wall)


def seconds_of(one: Sample, runs: int, checkout: Path) -> float:
    """Build the checked-out commit; the median wall time, or user time per test, of so many runs."""
    subprocess.run(["sh", "-c", one.build], cwd=checkout, check=True)
    figures = []
    for _ in range(runs):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.monotonic()
        out = subprocess.run(
            ["sh", "-c", one.test], cwd=checkout, capture_output=True, text=True, check=False
        )
        wall = time.monotonic() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        figures.append(wall if one.by_wall else used / int(out.stdout.split("/")[-1]))
    return statistics.median(figures)


def by_git(one: Sample, runs: int, folder: Path, tally: Tally) -> None:
    """`git bisect` with a threshold calibrated once, driven from here, which saves git a process per step."""
    clone = folder / f"clone-{runs}"
    git(folder, "clone", "--quiet", str(one.repo), str(clone))
    started = time.monotonic()
    git(clone, "checkout", "--quiet", "baseline")
    good = seconds_of(one, runs, clone)
    git(clone, "checkout", "--quiet", "origin/architecture")
    threshold = math.sqrt(good * seconds_of(one, runs, clone))
    said = git(clone, "bisect", "start", "origin/architecture", "baseline")
    tally.runs += 2 * runs
    while git(clone, "bisect", "log").count("# first bad commit") == 0 and "Bisecting" in said:
        word = "bad" if seconds_of(one, runs, clone) > threshold else "good"
        tally.runs += runs
        said = git(clone, "bisect", word)
    tally.seconds += time.monotonic() - started
    found = git(clone, "rev-parse", "refs/bisect/bad").strip()
    tally.right += found == one.first_bad
    tally.wrong += found != one.first_bad
    shutil.rmtree(clone)


def by_bisector(one: Sample, folder: Path, tally: Tally) -> None:
    """A hunt with the same build and test."""
    started = time.monotonic()
    where = ["--repo", str(one.repo), "--good", "baseline", "--bad", "architecture"]
    work = ["--build", one.build, "--test", one.test, "--scratch", str(folder / "scratch")]
    judged = ["--predicate", "wall_time" if one.by_wall else "per_test_user_time"]
    judged += ["--set", f"predicate.ratio={one.case.ratio}"]
    judged += [] if one.by_wall else ["--set", "predicate.tests='^all: \\d+/(\\d+)'"]
    done = subprocess.run(
        [sys.executable, "-m", "bisector", "run", "--json", *where, *work, *judged],
        capture_output=True,
        text=True,
        check=False,
    )
    tally.seconds += time.monotonic() - started
    summary = json.loads(done.stdout) if done.stdout else {"conclusion": done.stderr, "first_bad": None}
    tally.endings[str(summary["conclusion"])] += 1
    found = summary["first_bad"]
    expected = found == one.first_bad if one.first_bad else summary["conclusion"] == "no-regression"
    tally.right += expected
    tally.wrong += bool(found) and not expected
    tally.wrong_and_confirmed += bool(found) and not expected and bool(summary["confirmed"])
    tally.unanswered += not found and not expected
    tally.runs += 2 * int(summary.get("readings") or 0)


def one_seed(one: Sample, folder: Path, tallies: Tallies) -> None:
    """All methods on one history."""
    case = one.case
    if case is not NONE:
        by_git(one, 1, folder, tallies[case.name, "git, one run"])
        by_git(one, 5, folder, tallies[case.name, "git, median of 5"])
    by_bisector(one, folder, tallies[case.name, "bisector"])
    shutil.rmtree(folder)


def table(tallies: Tallies) -> str:
    """The results so far, in Markdown."""
    head = ("step", "method", "right", "wrong", "wrong and confirmed", "no answer", "runs a hunt", "s a hunt")
    rows = [(case, method, tally.row()) for (case, method), tally in sorted(tallies.items()) if tally.hunts]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def hunts(seeds: int, none: int) -> Iterator[tuple[Case, int]]:
    """All histories, in an order that fills every part of the table from the start."""
    for seed in range(1, max(seeds, none) + 1):
        yield from ((case, seed) for case in CASES if seed <= seeds)
        share = math.ceil(none / seeds) if seeds else 1
        yield from ((NONE, s) for s in range((seed - 1) * share + 1, min(seed * share, none) + 1))


def main() -> None:
    """Print the progress on stderr, and the table at the end."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--time", choices=("user", "wall"), default="user", help="what is measured")
    parser.add_argument("--burners", type=int, default=os.cpu_count() or 1, help="processes that burn CPUs")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--none", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=40, help="after which no further history is begun")
    parser.add_argument("--json", type=Path, help="written anew after each history")
    chosen = parser.parse_args()
    tallies: Tallies = defaultdict(Tally)
    started, told = time.monotonic(), ""
    todo = list(hunts(chosen.seeds, chosen.none))
    with tempfile.TemporaryDirectory(prefix="bisector-noise-") as root:
        binaries = {case.name: prepare(case, Path(root) / case.name) for case in {case for case, _ in todo}}
        with crowded(chosen.burners):
            for done, (case, seed) in enumerate(todo, 1):
                history = Path(root) / "history"
                one = sample(case, binaries[case.name], history, seed, by_wall=chosen.time == "wall")
                one_seed(one, history, tallies)
                minutes = (time.monotonic() - started) / 60
                told = f"{done} of {len(todo)} histories in {minutes:.1f} min"
                print(
                    f"\n{told}, {case.name} with seed {seed} was the last\n{table(tallies)}", file=sys.stderr
                )
                if chosen.json:
                    rows = {", ".join(key): vars(tally) for key, tally in tallies.items()}
                    chosen.json.write_text(json.dumps(rows, indent=2))
                if minutes > chosen.minutes:
                    break
    print(f"{told}\n\n{table(tallies)}")


if __name__ == "__main__":
    main()
