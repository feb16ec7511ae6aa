"""Finds all steps in a range, by recursion; the searches share readings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bisector.search.conclusion import AnyOf, FirstBad
from bisector.search.graph import CommitGraph
from bisector.search.noise import Ints, Noise
from bisector.search.outcomes import GOOD_END, Bad, Good, Measured, Observation, Outcome
from bisector.search.search import Search
from bisector.search.stop import Budget

Probe = Callable[[int], Outcome]


def find_all(
    graph: CommitGraph,
    probe: Probe,
    noise: Noise,
    confidence: float = 0.99,
    seed: int = 0,
    most_probes: int = 200,
) -> list[FirstBad | AnyOf]:
    """All steps of a range, in topological order.

    `probe` is called with commits of `graph` (-1: the good endpoint). After each step found, the search
    continues in the history before it and in the history built on it, and reuses all readings. A range ends
    when it has no step, or after `most_probes` more probes.

    With verdicts, the step after a bad one is the commit that fixed it. Use `Timing(direction="either")` if
    steps may go both ways. A step that a merge brings into history built on an earlier step is reported as
    that merge. Steps that cancel between two neighbouring readings are not found.
    """
    readings: list[Observation] = []
    hunt = _Hunt(graph, probe, noise, confidence, seed, most_probes, readings)
    found = hunt.steps(np.arange(len(graph)), GOOD_END, inverted=False)
    return sorted(found, key=lambda step: step.commit if isinstance(step, FirstBad) else step.commits[0])


@dataclass(slots=True)
class _Hunt:
    graph: CommitGraph
    probe: Probe
    noise: Noise
    confidence: float
    seed: int
    most_probes: int
    readings: list[Observation] = field(default_factory=list)

    def steps(self, commits: Ints, good: int, inverted: bool) -> list[FirstBad | AnyOf]:
        """The steps among `commits` (of the whole graph), `good` being the commit before them."""
        if not len(commits):
            return []
        conclusion = self._search(commits, good, inverted)
        if isinstance(conclusion, AnyOf):
            return [AnyOf(tuple(int(commits[c]) for c in conclusion.commits), conclusion.probabilities)]
        if not isinstance(conclusion, FirstBad):
            return []
        step = int(commits[conclusion.commit])
        older = self.graph.ancestors(step)[commits]
        newer = self._built_on(step)[commits]
        older[conclusion.commit] = newer[conclusion.commit] = False
        return [
            FirstBad(step, conclusion.probability),
            *self.steps(commits[older], good, inverted),
            *self.steps(commits[newer], step, not inverted),
        ]

    def _search(self, commits: Ints, good: int, inverted: bool) -> object:
        place = {int(commit): index for index, commit in enumerate(commits)} | {good: GOOD_END}
        parents = [[place[p] for p in self.graph.parents[c] if place.get(p, -1) >= 0] for c in commits]
        known = [
            Observation(place[one.commit], _turned(one.outcome, inverted))
            for one in self.readings
            if one.commit in place
        ]
        search = Search(
            CommitGraph(parents),
            noise=self.noise,
            confidence=self.confidence,
            seed=self.seed,
            stop=Budget(probes=len(known) + self.most_probes),
            check_fit=False,
        )
        search.observe_all(known)
        while search.conclusion is None:
            for proposed in search.propose():
                commit = good if proposed == GOOD_END else int(commits[proposed])
                outcome = self.probe(commit)
                self.readings.append(Observation(commit, outcome))
                search.observe(proposed, _turned(outcome, inverted))
        return search.conclusion

    def _built_on(self, step: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        built = np.zeros(len(self.graph), dtype=np.bool_)
        built[step] = True
        for commit in range(step + 1, len(self.graph)):
            built[commit] = any(built[parent] for parent in self.graph.parents[commit])
        return built


def _turned(outcome: Outcome, inverted: bool) -> Outcome:
    """Swap verdicts if the commit before the range is bad: then the next step is a fix."""
    if not inverted or isinstance(outcome, Measured):
        return outcome
    if isinstance(outcome, Good):
        return Bad()
    return Good() if isinstance(outcome, Bad) else outcome
