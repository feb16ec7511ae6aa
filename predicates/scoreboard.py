"""The number of tests that passed."""

from __future__ import annotations

import re

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Bad, Ending, Good, Judgement, Options, Predicate, Run, Untestable

from .outcomes import Outcome, how_it_ended, outcome
from .totals import PASSED_OF_TOTAL, number_in


class ScoreboardOptions(Options):
    """Options of `scoreboard`."""

    pattern: Regex = Field(
        re.compile(PASSED_OF_TOTAL),
        description="Regular expression for the line whose last occurrence has the score, in the groups "
        "`passed` and `total`.",
    )
    passes: int | None = Field(
        None, ge=0, description="Number of tests that must pass. By default, all that ran."
    )
    timeout: Outcome = Field("untestable", description="Verdict if the test runs into the hunt's timeout.")


class Scoreboard(Predicate[ScoreboardOptions]):
    """Good if enough tests pass; one fewer is bad.

    Reads the score from the output. A script that writes it to a file can print the file at its end.
    On a busy machine, deadlines in the script can fail tests, so bisector believes a loss only if the run had
    its share of the machine.
    """

    name = "scoreboard"
    Options = ScoreboardOptions
    by_wall_clock = True

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line with the score."""
        return (self.options.pattern.pattern,)

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Judge by the last score of a test that ended on its own."""
        if run.ending is Ending.TIMEOUT:
            return outcome(self.options.timeout, f"the test {how_it_ended(run)}")
        if run.ending is not Ending.EXITED:
            return Untestable(f"the test {how_it_ended(run)}")
        pattern = self.options.pattern
        matches = run.matches.get(pattern.pattern, ())
        passed = number_in(matches, pattern, "passed")
        total = number_in(matches, pattern, "total")
        wanted = total if self.options.passes is None else self.options.passes
        if passed is None or not wanted:
            return Untestable("the test printed no score, or a score with zero tests")
        why = f"{passed:g} tests passed, {wanted:g} wanted"
        return Good(why) if passed >= wanted else Bad(why)
