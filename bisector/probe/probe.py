"""The three parts of a probe together: a commit is built, tested, judged."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.probe.build import Builds
from bisector.probe.judge import Judge
from bisector.probe.setup import Setup
from bisector.probe.test import Tests


@dataclass(frozen=True, slots=True)
class Prober:
    """Probes commits for one hunt: `builds` have them stand in a slot, `tests` run there, `judge` judges."""

    builds: Builds
    tests: Tests
    judge: Judge

    @property
    def setup(self) -> Setup:
        """What builds and tests run with."""
        return self.tests.setup


def prober(builds: Builds, judge: Judge) -> Prober:
    """A prober whose tests run with the setup of `builds`, and keep the lines that the predicate wants."""
    return Prober(builds, Tests(builds.setup, judge.predicate.patterns), judge)
