"""The search: observations, belief, proposals, conclusion."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence

import numpy as np

from bisector.errors import UsageError
from bisector.search.batch import choose_batch
from bisector.search.belief import Belief
from bisector.search.choice import Situation, choose
from bisector.search.conclusion import Conclusion
from bisector.search.cost import Costs, slot
from bisector.search.graph import CommitGraph
from bisector.search.information import bits_to_probes, entropy, gains, mean_channel
from bisector.search.misfit import contradiction, pattern
from bisector.search.noise import Floats, Ints, Noise
from bisector.search.noise_exact import Exact
from bisector.search.outcomes import GOOD_END, Bad, Good, Measured, Observation, Outcome, Untestable
from bisector.search.prior import established, impartial, prior_of_none, softened
from bisector.search.reach import EXACT_SUPPORT, Reacher
from bisector.search.stop import Confident, NothingToLearn, Rule, State
from bisector.search.untestable import Runs, Untestables

CHECK_EVERY = 16
"""Observations between checks of the fit, even without a conclusion: a misfit may prevent any conclusion."""
IMPOSSIBLE = 1e-12
"""Probabilities below this are rounding errors."""


class Search:
    """Finds the first bad commit of a graph with the fewest expected probes (or seconds).

    `prior`: weights of the commits, shape (N,), on any scale. `no_regression`: prior probability that no
    commit is bad. None means 1%, or with `Exact` that of one commit.

    `evidence`: evidence for a regression from elsewhere, as a Bayes factor: how much more likely it is with a
    regression than without. The odds of "no regression" are divided by it, under the caller's prior and under
    the impartial one. If you also observe the readings of an established premise, use `evidence_beyond`, so
    that they do not count twice.

    `stop`: when to end; default `Confident(confidence) | NothingToLearn()`. Put other rules, such as
    `Budget(probes=50)`, in between. `check_fit`: whether to check, before a conclusion, for readings that a
    single step cannot explain.

    You do not have to observe the endpoints. The search assumes that good is good, and proposes the bad
    endpoint if only "it is not bad at all" remains to be excluded. The same seed and observations give the
    same results.
    """

    def __init__(
        self,
        graph: CommitGraph,
        noise: Noise | None = None,
        confidence: float = 0.99,
        costs: Costs | None = None,
        seed: int = 0,
        prior: Sequence[float] | Floats | None = None,
        no_regression: float | None = None,
        evidence: float = 1.0,
        stop: Rule | None = None,
        untestable: Runs | None = None,
        check_fit: bool = True,
    ) -> None:
        if not 0.5 <= confidence < 1:
            raise UsageError(f"confidence is {confidence}: give a probability from 0.5 to below 1")
        self.graph = graph
        self.noise: Noise = noise if noise is not None else Exact()
        self.confidence = confidence
        self._costs = costs or Costs()
        self.seed = seed
        self.observations: list[Observation] = []
        sure: Rule = Confident(confidence)
        self._stop = (sure | stop if stop else sure) | NothingToLearn()
        none = prior_of_none(len(graph), no_regression, certain=self.noise.certain)
        self._evidence = evidence
        self._prior = established(softened(len(graph), prior, none), evidence)
        self._impartial = established(impartial(len(graph)), evidence)
        self._runs = untestable or Runs()
        self._builds = self._costs.building(len(graph))
        self._check_fit = check_fit and not self.noise.certain
        self._reset()

    def _reset(self) -> None:
        self._belief = Belief(self.graph, self.noise, self._prior)
        self._reacher = Reacher(self.graph, self.seed)
        self._untestables = Untestables(self.graph, self._runs)
        self._built: dict[int, None] = {}
        self._spent = 0.0
        self._learn()

    def _learn(self) -> None:
        self._belief.learn([o for o in self.observations if not isinstance(o.outcome, Untestable)])
        self._reacher.follow(self._belief.posterior)
        self._situation: Situation | None = None
        self._conclusion: Conclusion | None = None
        self._concluded = False

    @property
    def costs(self) -> Costs:
        """Expected costs of probes. You can set them again as you learn more; `spent` does not change."""
        return self._costs

    @costs.setter
    def costs(self, costs: Costs) -> None:
        self._builds = costs.building(len(self.graph))
        self._costs = costs
        self._situation = None
        self._concluded = False

    def fork(self) -> Search:
        """Return a copy to try out observations on. It does not check for misfit."""
        other = copy.copy(self)
        other.observations = list(self.observations)
        other._belief = self._belief.fork()
        other._reacher = copy.copy(self._reacher)
        other._untestables = self._untestables.fork()
        other._built = dict(self._built)
        other._check_fit = False
        return other

    def observe(self, commit: int, outcome: Outcome) -> None:
        """Add an outcome at a commit (-1: the good endpoint). It may contradict earlier ones.

        Raises `UsageError` for a commit outside of the graph, or an outcome that the noise model does not
        support.
        """
        self.observe_all([Observation(commit, outcome)])

    def observe_all(self, observations: Iterable[Observation]) -> None:
        """Add several observations at once, for example to resume a hunt."""
        for observation in observations:
            self._check(observation)
            self.observations.append(observation)
            self._account(observation)
            if len(self.graph) > EXACT_SUPPORT:
                self._learn()
        if len(self.graph) <= EXACT_SUPPORT:
            self._learn()

    def undo(self, index: int = -1) -> Observation:
        """Remove one observation (default: the last one) and return it."""
        if not self.observations:
            raise UsageError("there is no observation to undo")
        removed = self.observations.pop(index)
        kept, self.observations = self.observations, []
        self._reset()
        self.observe_all(kept)
        return removed

    def _check(self, observation: Observation) -> None:
        commit, outcome = observation.commit, observation.outcome
        self._place(commit)
        why = self.noise.refuse(outcome)
        if why:
            raise UsageError(why)
        if commit == GOOD_END and isinstance(outcome, Untestable):
            raise UsageError("the good endpoint cannot be untestable: choose a good commit that builds")

    def _place(self, commit: int) -> int:
        """The index of a commit, or the good endpoint, in an array of N + 1."""
        if not -1 <= commit < len(self.graph):
            raise UsageError(f"commit {commit} is not in the graph: give -1 to {len(self.graph) - 1}")
        return slot(commit, len(self.graph))

    def _account(self, observation: Observation) -> None:
        place = slot(observation.commit, len(self.graph))
        build = self.costs.repeat if place in self._built else float(self._builds[place])
        failed = isinstance(observation.outcome, Untestable)
        self._untestables.see(observation.commit, failed)
        p_bad = np.array([float(isinstance(observation.outcome, Bad))])
        if isinstance(observation.outcome, Measured):
            p_bad = np.array([self.probability_bad(observation.commit)])
        self._spent += float(self.costs.expected(np.array([build]), p_bad, np.array([float(failed)]))[0])
        if not failed:
            self._built[place] = None

    @property
    def posterior(self) -> Floats:
        """Shape (N,): probability that each commit is the first bad one. Sums to 1 with `no_regression`."""
        return self._belief.posterior[:-1].copy()

    @property
    def no_regression(self) -> float:
        """Probability that no commit of the range is bad."""
        return float(self._belief.posterior[-1])

    @property
    def spent(self) -> float:
        """Cost of the observations so far, according to `costs`."""
        return self._spent

    def probability_bad(self, commit: int) -> float:
        """Probability that a commit is bad: the posterior sum over it and its ancestors."""
        if commit == GOOD_END:
            return 0.0
        return float(self._belief.posterior[:-1][self.graph.ancestors(commit)].sum())

    def is_moot(self, commit: int) -> bool:
        """Whether a probe of the commit is redundant, because exact verdicts elsewhere decided it."""
        bad = self.probability_bad(commit)
        return self.noise.certain and not IMPOSSIBLE < bad < 1 - IMPOSSIBLE

    def probability_untestable(self) -> Floats:
        """Shape (N,): probability that each commit cannot be tested."""
        return self._untestables.probability()[:-1]

    def expected_information(self, commit: int) -> float:
        """Expected bits about the first bad commit from one reading of this commit, if it can be tested.

        On a graph that is too large to evaluate completely, 0 for commits off the shortlist.
        """
        situation = self._look()
        node = -1 if commit == GOOD_END else int(situation.reach.view.of[commit])
        return float(situation.gains.bits[node])

    def worth(self) -> tuple[Floats, Floats]:
        """Of one probe of each commit: the expected bits, and the expected cost; for a joint choice.

        Two arrays of shape (N + 1,) with the good endpoint last. The bits allow for the probability that the
        commit cannot be tested; they are 0 off the shortlist of a large graph, and after a conclusion.
        """
        if self.conclusion is not None:
            return np.zeros(len(self.graph) + 1), self._builds.copy()
        look = self._look()
        return look.worth(look.gains.bits), look.expected_cost()

    @property
    def separation(self) -> float | None:
        """Estimated step, ln f, divided by the spread of one reading (d); None for verdicts.

        It decides the cost of a hunt: below 1.5, expect hundreds of readings.
        """
        return self._belief.separation()

    @property
    def error_rates(self) -> tuple[float, float] | None:
        """Estimated rates at which a good commit looks bad and a bad one good; only for `Flaky`."""
        return self._belief.error_rates()

    def expected_probes_left(self) -> float:
        """Estimated number of probes left: entropy over capacity, plus confirmation (Burnashev, 1974).

        It assumes that the parameters are known. Otherwise it is too low; for measured values with a
        separation below 2, by about half.
        """
        if self.conclusion is not None:
            return 0.0
        posterior = self._belief.posterior
        bits = float(entropy(posterior))
        if self.noise.certain:
            return max(bits, 1.0)
        look = self._look()
        channel = mean_channel(look.reach, look.channel, look.of_class)
        return bits_to_probes(bits, float(posterior.max()), *channel, self.confidence)

    def propose(self, k: int = 1, pending: Sequence[int] = ()) -> list[int]:
        """The k (or fewer) different commits that together promise the most information per cost.

        Empty at the end. `pending` are commits whose probes are running: new ones are chosen for what they
        add to these. A pending commit is proposed again only if readings err and a repeat tells most.
        """
        if k < 1:
            raise UsageError(f"propose({k}): ask for at least one commit")
        places = [self._place(commit) for commit in pending]
        if self.conclusion is not None:
            return []
        return choose(self._look()) if k == 1 and not places else choose_batch(self._look(), k, places)

    @property
    def conclusion(self) -> Conclusion | None:
        """How the search ended, or None while it continues."""
        if not self._concluded:
            self._conclusion = self._conclude()
            self._concluded = True
        return self._conclusion

    def _conclude(self) -> Conclusion | None:
        misfit = contradiction(self._belief)
        if misfit is not None:
            return misfit
        state = State(
            posteriors=(self._belief.posterior, self._belief.under(self._impartial)),
            rival=self._belief.rival() * self._evidence,
            doubt=self.noise.doubt,
            certain=self.noise.certain,
            allowance=self._belief.allowance(),
            probes=len(self.observations),
            cost=self._spent,
            twins=(),
            most_bits=math.inf,
        )
        early = self._stop(state)
        if early is not None:
            return self._doubted() or early
        look = self._look()
        score = look.score(look.gains.bits)
        state.twins = look.twins()
        state.most_bits = float(score.max())
        late = self._stop(state)
        if late is not None or len(self.observations) % CHECK_EVERY == 0:
            return self._doubted() or late
        return None

    def _doubted(self) -> Conclusion | None:
        """The misfit that the readings show, if any; it replaces any other conclusion."""
        return pattern(self._belief, self.observations, self.seed) if self._check_fit else None

    def _open_posterior(self) -> Floats:
        """The posterior to narrow down: of the two that must convince, one that does not yet."""
        posterior = self._belief.posterior
        if posterior.max() < self.confidence:
            return posterior
        impartial = self._belief.under(self._impartial)
        return impartial if impartial.max() < posterior.max() else posterior

    def _unmeasured(self) -> Ints:
        """Indices of commits that gave only verdicts, if readings are measured."""
        if self.noise.refuse(Measured(1.0)):
            return np.zeros(0, dtype=np.int64)
        measured = {o.commit for o in self.observations if isinstance(o.outcome, Measured)}
        told = {o.commit for o in self.observations if isinstance(o.outcome, Good | Bad)}
        return np.array(sorted(slot(c, len(self.graph)) for c in told - measured), dtype=np.int64)

    def _look(self) -> Situation:
        if self._situation is None:
            doubt = 0.0 if self.noise.certain else (1 - self.confidence) * self._belief.allowance()
            reach = self._reacher.of(self._open_posterior(), doubt)
            of_class: Ints = self._belief.classes.of
            channel = self._belief.channel()
            built = np.array(list(self._built), dtype=np.int64)
            build = self._builds.copy()
            build[built] = np.minimum(build[built], self.costs.repeat)
            self._situation = Situation(
                reach=reach,
                gains=gains(reach, channel, of_class),
                channel=channel,
                of_class=of_class,
                p_untestable=self._untestables.probability(),
                build=build,
                built=built,
                unmeasured=self._unmeasured(),
                costs=self.costs,
            )
        return self._situation
