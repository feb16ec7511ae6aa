"""`python -m benchmarks.targets`: hunts of several targets together, beside one hunt each, without processes.

Each trial draws first bad commits in a history, and the targets that they break. Whole hunts are simulated:
endpoints, search and confirmation. Probes are commits that a search reads, builds are changes of the commit
(or to a clean build) in the one slot.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.search.__main__ import STORED
from benchmarks.search.histories import descendants, like_git, stored
from bisector.history.candidates import Candidates
from bisector.hunt.conclusion import Conclusion, FirstBad
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.targets.asking import Ask
from bisector.hunt.targets.decide import Joint
from bisector.hunt.targets.driving import Books, drive
from bisector.predicate import Bad, Ending, Good, Judgement, Run
from bisector.probe.reading import Reading, Role
from bisector.search import CommitGraph

GRAPH = "git-v2.30-v2.40.tsv.gz"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_TEST, _BUILD = 20.0, 120.0
"""Simulated seconds of a test and of a build."""


@dataclass(frozen=True)
class Target:
    """What breaks a target, and how often it then fails."""

    first_bad: str
    rate: float = 1.0


@dataclass
class World:
    """A history in which some commits break some targets."""

    graph: CommitGraph
    plan: Plan = field(init=False)

    def __post_init__(self) -> None:
        ids = tuple(f"c{at}" for at in range(len(self.graph)))
        parents = tuple(tuple(row) for row in self.graph.parents)
        every = Candidates(ids, parents)
        compared = {ids[at]: tuple(ids[p] for p in own) or ("good",) for at, own in enumerate(parents)}
        self.plan = Plan(("good",), ids[-1], every, every, compared)
        self._after: dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]] = {}

    def is_bad(self, commit: str, target: Target) -> bool:
        """Whether a target is broken at a commit."""
        at = int(target.first_bad[1:])
        if target.first_bad not in self._after:
            self._after[target.first_bad] = descendants(self.graph, at)
        return commit != "good" and bool(self._after[target.first_bad][int(commit[1:])])


@dataclass
class Hunted:
    """Hunts `targets` together, and counts."""

    world: World
    targets: Mapping[str, Target]
    shares: bool = True
    seed: int = 0
    searched: set[str] = field(default_factory=set)
    runs: int = 0
    builds: int = 0
    found: dict[str, Conclusion] = field(default_factory=dict)
    _built: tuple[str, bool] = ("", False)

    def run(self) -> Hunted:
        """Hunt to the end."""
        self._rng = random.Random(self.seed)
        known = {target: Known() for target in self.targets}
        joint = Joint(self.world.plan, list(self.targets), shares=self.shares)
        books = Books(lambda found: None, lambda target, conclusion: conclusion)
        self.found = drive(joint, known, {}, self._take, books, lambda event: None)
        return self

    @property
    def probes(self) -> int:
        """Number of commits that a search read."""
        return len(self.searched)

    @property
    def right(self) -> int:
        """Number of targets with the right answer."""
        return sum(commit == self.targets[target].first_bad for target, commit in self._confirmed)

    @property
    def wrong(self) -> int:
        """Number of targets with a confirmed answer that is wrong."""
        return len(self._confirmed) - self.right

    @property
    def _confirmed(self) -> list[tuple[str, str]]:
        ended = self.found.items()
        return [(target, one.commit) for target, one in ended if isinstance(one, FirstBad) and one.confirmed]

    def _take(self, ask: Ask) -> Sequence[Mapping[str, Reading]]:
        request, (built, clean) = ask.request, self._built
        self.runs += 1
        if built != request.commit or (request.clean and not clean):
            self.builds += 1
            self._built = (request.commit, request.clean)
        if any(own.role is Role.SEARCH for own in ask.asked.values()):
            self.searched.add(request.commit)
        at = _START + timedelta(seconds=self.runs)
        run = Run(wall=_TEST, user=_TEST, system=0.0, ending=Ending.EXITED)
        readings = {
            target: Reading(
                request.commit,
                own.role,
                self._judged(request.commit, self.targets[target]),
                at,
                run=run,
                build_seconds=_BUILD,
                about=own.about,
                clean=request.clean,
            )
            for target, own in ask.asked.items()
        }
        return [readings]

    def _judged(self, commit: str, target: Target) -> Judgement:
        fails = self.world.is_bad(commit, target) and self._rng.random() < target.rate
        return Bad("failed") if fails else Good("passed")


def trial(world: World, targets: Mapping[str, Target], seed: int) -> dict[str, float]:
    """The figures of one draw: together, together without what others found, and one hunt each."""
    together = Hunted(world, targets, seed=seed).run()
    without = Hunted(world, targets, shares=False, seed=seed).run()
    alone = {name: Hunted(world, {name: one}, seed=seed).run() for name, one in targets.items()}
    culprits = {one.first_bad: name for name, one in targets.items() if one.rate == 1.0}
    per_culprit = [alone[name] for name in culprits.values()]
    return {
        "probes together": together.probes,
        "probes without sharing": without.probes,
        "probes, a hunt per culprit": sum(one.probes for one in per_culprit),
        "builds together": together.builds,
        "builds without sharing": without.builds,
        "builds, a hunt per culprit": sum(one.builds for one in per_culprit),
        "builds, a hunt per target": sum(one.builds for one in alone.values()),
        "runs together": together.runs,
        "right together": together.right / len(targets),
        "wrong together": together.wrong / len(targets),
        "right alone": sum(one.right for one in alone.values()) / len(targets),
        "wrong alone": sum(one.wrong for one in alone.values()) / len(targets),
    }


def drawn(size: int, culprits: int, targets: int, flaky: int, seed: int) -> dict[str, Target]:
    """Targets broken by a few commits; the last `flaky` of them fail in 40% of their runs only."""
    rng = random.Random(seed)
    causes = [f"c{rng.randrange(size)}" for _ in range(culprits)]
    rates = [0.4 if at >= targets - flaky else 1.0 for at in range(targets)]
    return {f"t{at}": Target(causes[at % culprits], rate) for at, rate in enumerate(rates)}


CASES = {
    "20 targets over 4 culprits": (4, 20, 0),
    "5 guests with one culprit": (1, 5, 0),
    "20 targets over 4 culprits, 2 of them flaky": (4, 20, 2),
}


def table(world: World, cases: Sequence[str], trials: int) -> Sequence[str]:
    """The mean figures of each case, as lines of Markdown, with the ratios that count."""
    lines = ["| case | figure | mean |", "|---|---|---|"]
    for case in cases:
        culprits, targets, flaky = CASES[case]
        rows = [
            trial(world, drawn(len(world.graph), culprits, targets, flaky, seed), seed)
            for seed in range(trials)
        ]
        means = {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}
        means["probes together / a hunt per culprit"] = (
            means["probes together"] / means["probes, a hunt per culprit"]
        )
        means["builds together / a hunt per target"] = (
            means["builds together"] / means["builds, a hunt per target"]
        )
        lines += [f"| {case} | {name} | {mean:.3g} |" for name, mean in means.items()]
    return lines


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targets", description=__doc__)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--graph", type=Path, default=STORED / GRAPH, help="a stored graph (.tsv.gz)")
    parser.add_argument("--size", type=int, help="a made-up history of this many commits instead")
    parser.add_argument(
        "--case", choices=list(CASES), action="append", help="only this case; may be repeated"
    )
    asked = parser.parse_args()
    is_stored = asked.size is None and asked.graph.is_file()
    world = World(stored(asked.graph) if is_stored else like_git(asked.size or 4000, 1))
    sys.stdout.write("\n".join(table(world, asked.case or list(CASES), asked.trials)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
