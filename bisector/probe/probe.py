"""Combines the three parts of a probe: build, test and judge."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.probe.build import Builds
from bisector.probe.judge import Judge
from bisector.probe.setup import Setup
from bisector.probe.test import Tests


@dataclass(frozen=True, slots=True)
class Prober:
    """Probes commits for one hunt with its builds, tests and judge."""

    builds: Builds
    tests: Tests
    judge: Judge

    @property
    def setup(self) -> Setup:
        """The setup that builds and tests share."""
        return self.tests.setup


def prober(builds: Builds, judge: Judge) -> Prober:
    """A prober whose tests share the setup of `builds` and give the predicate the lines and files it needs.

    They run under the predicate's tool. Raises `ToolMissing`.
    """
    setup, predicate = builds.setup, judge.predicate
    tool = predicate.tool(setup.environment)
    return Prober(builds, Tests(setup, predicate.patterns, predicate.files, tool), judge)
