"""The search core: a pure library (numpy only) that says which commit to probe next.

graph = CommitGraph(parents)
search = Search(graph, noise=Flaky())
while search.conclusion is None:
for commit in search.propose():
search.observe(commit, probe(commit))
"""

from bisector.search.belief import evidence_beyond
from bisector.search.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive, Misfit, NoRegression
from bisector.search.cost import Costs
from bisector.search.graph import CommitGraph
from bisector.search.noise import Noise
from bisector.search.noise_exact import Exact
from bisector.search.noise_flaky import Flaky, Rates
from bisector.search.noise_timing import Timing
from bisector.search.outcomes import GOOD_END, Bad, Good, Measured, Observation, Outcome, Untestable
from bisector.search.search import Search
from bisector.search.stop import Budget, Confident, NothingToLearn, Rule
from bisector.search.untestable import Runs

__all__ = [
    "GOOD_END",
    "AnyOf",
    "Bad",
    "Budget",
    "CommitGraph",
    "Conclusion",
    "Confident",
    "Costs",
    "Exact",
    "FirstBad",
    "Flaky",
    "Good",
    "Inconclusive",
    "Measured",
    "Misfit",
    "NoRegression",
    "Noise",
    "NothingToLearn",
    "Observation",
    "Outcome",
    "Rates",
    "Rule",
    "Runs",
    "Search",
    "Timing",
    "Untestable",
    "evidence_beyond",
]
