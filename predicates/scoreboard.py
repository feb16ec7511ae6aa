"""Tests passed."""

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
        description="Line whose last occurrence holds the score, in the groups `passed` and `total`.",
    )
    passes: int | None = Field(None, ge=0, description="How many must pass; by default as many as ran.")
    timeout: Outcome = Field("untestable", description="What a test is that runs into the hunt's timeout.")


class Scoreboard(Predicate[ScoreboardOptions]):
    """Good when as many tests pass as are wanted; a loss of one is bad.

    Reads the score from the output: a script that writes it to a file can print the file at its end.
    Deadlines in the script turn a crowded machine into lost tests, so a loss is believed of a fair run only.
    """

    name = "scoreboard"
    Options = ScoreboardOptions
    by_wall_clock = True

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line that holds the score."""
        return (self.options.pattern.pattern,)

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """By the last score of a test that ended by itself."""
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
            return Untestable("the test printed no score, or one of no tests")
        why = f"{passed:g} tests passed, {wanted:g} wanted"
        return Good(why) if passed >= wanted else Bad(why)
