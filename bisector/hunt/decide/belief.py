"""What the readings so far say about every candidate: the search core, addressed by commit id."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bisector import search as core
from bisector.hunt.decide.costs import costs_of
from bisector.hunt.decide.failure_rates import compare
from bisector.hunt.decide.outcomes import outcome_of
from bisector.hunt.decide.premise import measured, runs_of
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Measured, Untestable
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.search.noise_flaky import FIX_RATES

_POSSIBLE = 1e-9
_NEARLY_ALL = 0.999
_LIKELY = 0.5
_FOUND_BEFORE = 0.8
"""Share of the prior for the commits that other hunts ended at. A wrong guess costs up to three probes; no
conclusion depends on it, because a commit must also convince under an even prior."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """The prediction for a commit before it is tested; `bits` is the expected information."""

    bad: float
    untestable: float
    bits: float


@dataclass(frozen=True, slots=True)
class Trust:
    """How far readings are trusted."""

    exact: bool = True
    """Verdicts are never wrong; False once some contradict each other. Values are never exact."""
    presumed: bool = True
    """A run that was ended early, on its way to a limit, counts as bad."""
    voided: bool = False
    """A confirmation has failed: shortcuts that save builds and runs no longer count."""


class Belief:
    """A search over the plan's candidates that has observed everything in `known`.

    The readings determine the noise model: `Timing` for a paired predicate, `Exact` for verdicts, `Flaky`
    once verdicts contradict each other. If the bad endpoint was never measured, because it hits a limit,
    there is no level to look for: measured values then count as verdicts too.

    With `voided`, equal declared inputs or equal build bytes no longer make two commits the same, and a run
    on its way to a limit no longer counts as bad. If verdicts contradict each other, the search first drops
    that last shortcut and only then treats the test as flaky.

    If `paths` excludes the bad endpoint, the last candidate stands for its level, not for its verdicts.
    """

    def __init__(self, plan: Plan, known: Known, *, voided: bool = False) -> None:
        self._plan = plan
        self._known = known
        self._voided = voided
        self._candidates = plan.every_candidate if voided else plan.candidates
        self._index = {identity: at for at, identity in enumerate(self._candidates.ids)}
        self._by_verdict = plan.ratio is None or _never_measured(plan.bad, known.readings)
        if not self._by_verdict:
            self._index[plan.bad] = len(self._candidates) - 1
        self._index.update(dict.fromkeys(plan.good, -1))
        self._flaky = False
        self._presumes = not voided
        self._search = self._observing(core.Exact() if self._by_verdict else core.Timing(ratio=True))
        if self.contradicts and any(map(self._was_presumed, known.readings)) and self._presumes:
            self._presumes = False
            self._search = self._observing(core.Exact())
        if self.contradicts:
            self._flaky = True
            prior = FIX_RATES if plan.terms.better else None
            self._search = self._observing(core.Flaky(prior=prior))

    @property
    def plan(self) -> Plan:
        """The plan with the candidates of this belief: branches may be left out."""
        return self._plan

    @property
    def trust(self) -> Trust:
        """How far readings are trusted."""
        return Trust(not self._flaky, self._presumes and not self._flaky, self._voided)

    @property
    def conclusion(self) -> core.Conclusion | None:
        """How the search ended; None while it goes on."""
        return self._search.conclusion

    @property
    def contradicts(self) -> bool:
        """Whether verdicts that were treated as exact contradict each other."""
        return self._by_verdict and not self._flaky and isinstance(self.conclusion, core.Misfit)

    def commit(self, index: int) -> str:
        """The full id of a candidate."""
        return self._candidates.ids[index]

    def propose(self, pending: Sequence[str] = ()) -> str:
        """The commit to read next, a candidate or an endpoint; empty if only the `pending` ones can help."""
        suspected = self._suspected(pending)
        if suspected:
            return suspected
        under_way = [self._index[commit] for commit in pending if commit in self._index]
        proposed = self._search.propose(1, pending=under_way)
        if not proposed:
            return ""
        (index,) = proposed
        if index == -1:
            return self._plan.good[0]
        return self._of_bad if index == len(self._candidates) - 1 else self.commit(index)

    @property
    def _of_bad(self) -> str:
        """The commit whose readings stand for the last candidate."""
        return self._plan.bad if self._plan.bad in self._index else self.commit(-1)

    def worth(self) -> dict[str, tuple[float, float]]:
        """Of each commit that is worth a probe: the expected bits, and the expected cost of that probe.

        Includes the endpoints if a reading of them tells something; empty once the search has concluded.
        """
        bits, cost = self._search.worth()
        last = len(self._candidates) - 1
        names = {len(self._candidates): self._plan.good[0], last: self._of_bad}
        return {
            names.get(int(at)) or self.commit(int(at)): (float(bits[at]), float(cost[at]))
            for at in np.flatnonzero(bits > 0)
        }

    def suspected(self) -> str:
        """The next unread commit among those that other hunts found and their parents; empty for none."""
        return self._suspected(())

    def _suspected(self, pending: Sequence[str]) -> str:
        """Like `suspected`, without the commits that are being read."""
        read = {reading.commit for reading in self._known.readings}.union(pending)
        for found in self._plan.found_before:
            at = self._index.get(found, -1)
            if at >= 0 and self._search.posterior[at] > _LIKELY:
                around = (found, *self._plan.parents[found])
                return next((one for one in around if one in self._index and one not in read), "")
        return ""

    def observe(self, *found: Reading | KnownUntestable) -> None:
        """Add what was found since; ignores what says nothing about the range."""
        self._known = self._known.plus(*found)
        self._search.observe_all(self._observations(Known().plus(*found)))
        self._search.costs = costs_of(self._plan, self._known, candidates=self._candidates)

    def tells(self, commit: str) -> bool:
        """Whether one more reading of `commit` is expected to give any information."""
        prospect = self.prospect(commit)
        return prospect is not None and prospect.bits > 0

    def supposing_bad(self, commit: str) -> Belief:
        """The belief if this commit were read and judged bad."""
        supposed = Reading(commit, Role.SEARCH, Bad("supposed"), datetime.now(UTC))
        return Belief(self._plan, self._known.plus(supposed), voided=self._voided)

    def prospect(self, commit: str) -> Prospect | None:
        """The prediction for one more reading of `commit`; None for a commit outside the search."""
        if commit not in self._index:
            return None
        index = self._index[commit]
        untestable = 0.0 if index == -1 else float(self._search.probability_untestable()[index])
        return Prospect(
            self._search.probability_bad(index), untestable, self._search.expected_information(index)
        )

    @property
    def exact(self) -> bool:
        """Whether verdicts are treated as always right."""
        return self._by_verdict and not self._flaky

    @property
    def error_rates(self) -> tuple[float, float] | None:
        """Rates at which a good commit is judged bad, and a bad one good; None unless verdicts are flaky."""
        return self._search.error_rates

    def boundary(self, commits: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Evidence that the first bad commit is one of these: a commit judged bad, and good ones before them.

        The bad commit is one of `commits` if any of them was judged bad, else their first such descendant.
        """
        inside = {self._index[commit] for commit in commits}
        kinds = (Bad,) if self._by_verdict else (Bad, Measured)
        bad = self._judged(kinds)
        below = (at for at in sorted(bad) if self._search.graph.ancestors(at)[list(inside)].any())
        at_bad = min(bad & inside, default=None)
        if at_bad is None:
            at_bad = next(below, len(self._candidates) - 1)
        parents = self._candidates.parents
        before = {p for at in inside for p in parents[at]} - inside
        roots = (self._plan.good[0],) if any(not parents[at] for at in inside) else ()
        return self.commit(at_bad), (*map(self.commit, sorted(before)), *roots)

    def is_candidate(self, commit: str) -> bool:
        """Whether this commit is an endpoint, or one that the search may name."""
        return commit in self._index

    def cleared_by(self, commit: str) -> str:
        """A commit judged good that contains this one, which is therefore good too; empty for none."""
        if commit not in self._index:
            return self._plan.good[0] if self._plan.before_good(commit) else ""
        at = self._index[commit]
        good = self._judged((Good,))
        contains = (one for one in sorted(good) if self._search.graph.ancestors(one)[at])
        return next(map(self.commit, contains), "")

    def _judged(self, kinds: tuple[type[Judgement], ...]) -> set[int]:
        """Indices of the candidates that have a judgement of one of these kinds."""
        read = (r.commit for r in self._known.readings if isinstance(r.judgement, kinds))
        return {self._index.get(commit, -1) for commit in read} - {-1}

    def step_at(self, commit: str) -> float:
        """The ratio of median values: this commit and its descendants over all other commits."""
        at = self._index[commit]
        sides: tuple[list[float], list[float]] = ([], [])
        for reading in self._known.readings:
            place = self._index.get(reading.commit)
            if place is not None and reading.against == self._plan.good[0]:
                is_bad = place >= 0 and bool(self._search.graph.ancestors(place)[at])
                sides[is_bad].extend(map(math.log, measured([reading])))
        if not all(sides):
            return self._plan.ratio or 1.0
        return math.exp(statistics.median(sides[1]) - statistics.median(sides[0]))

    @property
    def candidates_left(self) -> int:
        """How many candidates hold nearly all of the probability."""
        mass = np.cumsum(np.sort(self._search.posterior)[::-1])
        return int(np.searchsorted(mass, _NEARLY_ALL * mass[-1])) + 1

    @property
    def separation(self) -> float | None:
        """The current estimate of the step, in spreads of one pair; None for verdicts."""
        return self._search.separation

    @property
    def probes_left(self) -> float:
        """Expected number of probes until a conclusion."""
        return float(self._search.expected_probes_left())

    def posterior(self) -> dict[str, float]:
        """Probability of each candidate that can still be the first bad commit, likeliest first."""
        posterior = self._search.posterior
        possible = np.flatnonzero(posterior > _POSSIBLE)
        order = possible[np.argsort(-posterior[possible], kind="stable")]
        return {self.commit(int(index)): float(posterior[index]) for index in order}

    def _observing(self, noise: core.Noise) -> core.Search:
        search = core.Search(
            core.CommitGraph(self._candidates.parents),
            noise=noise,
            confidence=self._plan.confidence,
            costs=costs_of(self._plan, self._known, candidates=self._candidates),
            prior=self._prior(),
            evidence=self._evidence(noise),
        )
        search.observe_all(self._observations(self._known))
        return search

    def _evidence(self, noise: core.Noise) -> float:
        """The endpoints' evidence for a regression in the range, beyond what the noise model derives."""
        if not isinstance(noise, core.Flaky) or self._plan.bad not in self._index:
            return 1.0
        good, bad = (self._known.of(end) for end in (self._plan.good[0], self._plan.bad))
        ends = [
            core.Observation(at, self._outcome(reading))
            for at, group in ((-1, good), (0, bad))
            for reading in group
            if isinstance(reading.judgement, Good | Bad)
        ]
        return core.evidence_beyond(compare(runs_of(good), runs_of(bad)).more, noise, ends)

    def _prior(self) -> list[float] | None:
        """Weights of the candidates; None if all are equal."""
        found = {self._index.get(commit, -1) for commit in self._plan.found_before} - {-1}
        if not found:
            return None
        size = len(self._candidates)
        even = (1 - _FOUND_BEFORE) / size
        return [even + (_FOUND_BEFORE / len(found) if at in found else 0.0) for at in range(size)]

    def _observations(self, known: Known) -> list[core.Observation]:
        untestable = [
            core.Observation(self._index[fact.commit], core.Untestable())
            for fact in known.untestable
            if fact.commit in self._index
        ]
        return untestable + [
            core.Observation(self._index[reading.commit], self._outcome(reading))
            for reading in known.readings
            if reading.commit in self._index
            and reading.role is not Role.MERGE_BASE
            and not (self._voided and reading.shared)
            and (self._presumes or not self._was_presumed(reading))
            and reading.against in ("", self._plan.good[0])
            and not (reading.commit in self._plan.good and isinstance(reading.judgement, Untestable))
        ]

    def _outcome(self, reading: Reading) -> core.Outcome:
        return outcome_of(reading, self._plan, by_verdict=self._by_verdict)

    def _was_presumed(self, reading: Reading) -> bool:
        """Whether a verdict was given before the test reached its limit."""
        return self._plan.ratio is None and getattr(reading.judgement, "at_least", None) is not None


def _never_measured(commit: str, readings: Sequence[Reading]) -> bool:
    judgements = [r.judgement for r in readings if r.commit == commit and r.role is Role.PREMISE]
    return any(isinstance(one, Bad) for one in judgements) and not any(
        isinstance(one, Measured) for one in judgements
    )
