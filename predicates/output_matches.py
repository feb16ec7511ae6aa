"""A line in the output."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Bad, Ending, Good, Judgement, Options, Predicate, Run, Untestable

from .outcomes import Outcome, how_it_ended, outcome


class OutputMatchesOptions(Options):
    """Options of `output_matches`."""

    pattern: Regex = Field(description="Regular expression to search for in each line of the output.")
    when: Literal["bad", "good"] = Field("bad", description="Verdict if the test prints such a line.")
    timeout: Outcome = Field(
        "untestable", description="Verdict if the test runs into the hunt's timeout without such a line."
    )


class OutputMatches(Predicate[OutputMatchesOptions]):
    """Judges by whether a line of the output matches. Ends the test at the first match."""

    name = "output_matches"
    Options = OutputMatchesOptions

    @property
    def by_wall_clock(self) -> bool:
        """Whether it waits for a line to come: in a crowd a script's own deadline is there first."""
        return self.options.when == "good"

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line looked for."""
        return (self.options.pattern.pattern,)

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Certain as soon as there is a match."""
        matches = run.matches.get(self.options.pattern.pattern)
        if not matches:
            return None
        return outcome(self.options.when, f"the test printed {matches[0].text[:100].strip()!r}")

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """A match decides; without one, a test that ended by itself is the opposite."""
        matched = self.watch(run)
        if matched:
            return matched
        why = f"no line matched {self.options.pattern.pattern!r} when the test {how_it_ended(run)}"
        if run.ending in (Ending.EXITED, Ending.SIGNALLED):
            return outcome("good" if self.options.when == "bad" else "bad", why)
        return outcome(self.options.timeout, why) if run.ending is Ending.TIMEOUT else Untestable(why)
