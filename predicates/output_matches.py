"""A line in the output."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Bad, Ending, Ends, Good, Judgement, Options, Predicate, Run, Untestable

from .failure import Exits, Like, like_pattern, only_like, why_failed
from .outcomes import Outcome, how_it_ended, outcome


class OutputMatchesOptions(Options):
    """Options of `output_matches`."""

    pattern: Regex = Field(description="Regular expression to search for in each line of the output.")
    when: Literal["bad", "good"] = Field("bad", description="Verdict if the test prints such a line.")
    otherwise: Outcome | None = Field(
        None,
        description="Verdict if the test fails without such a line. By default `untestable`, or `bad` with "
        "`when: good`.",
    )
    timeout: Outcome = Field(
        "untestable", description="Verdict if the test runs into the hunt's timeout without such a line."
    )
    exits: Exits = None
    like: Like = None


class OutputMatches(Predicate[OutputMatchesOptions]):
    """Judges by whether a line of the output matches. Ends the test at the first match.

    A test that ends normally without such a line is the opposite of `when`. One that fails without it, with
    another exit code than the good endpoint's or by a signal, may have failed before it could print the line.
    """

    name = "output_matches"
    Options = OutputMatchesOptions

    @property
    def believes_failures(self) -> bool:
        """Always: its own exit code shows that no deadline ended it."""
        return True

    @property
    def by_wall_clock(self) -> bool:
        """Whether it waits for a line: on a busy machine, a deadline in the script may come first."""
        return self.options.when == "good"

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line to search for, and the line of the failure to find."""
        return (self.options.pattern.pattern, *like_pattern(self.options.like))

    @property
    def runs_to_the_end(self) -> bool:
        """Only a whole run shows which failure it is."""
        return self.options.like is not None

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Certain as soon as there is a match, unless the failure must be compared as well."""
        matched = self._matched(run)
        return None if self.runs_to_the_end and isinstance(matched, Bad) else matched

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """A match decides; without one, a test that ended normally is the opposite."""
        return self._judged(run, None)

    def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
        """Judge again: the good endpoint's exit code is normal, and a failure must be like the bad one's."""
        return only_like(self._judged(run, ends.good), run, self.options.like, ends)

    def _matched(self, run: Run) -> Good | Bad | Untestable | None:
        matches = run.matches.get(self.options.pattern.pattern)
        if not matches:
            return None
        return outcome(self.options.when, f"the test printed {matches[0].text[:100].strip()!r}")

    def _judged(self, run: Run, good: Run | None) -> Judgement:
        if matched := self._matched(run):
            return matched
        unmatched = f"no line matched {self.options.pattern.pattern!r}"
        why = f"{unmatched} when the test {how_it_ended(run)}"
        if run.ending is Ending.TIMEOUT:
            return outcome(self.options.timeout, why)
        if run.ending not in (Ending.EXITED, Ending.SIGNALLED):
            return Untestable(why)
        failure = why_failed(run, self.options.exits, good)
        if failure is None:
            return outcome("good" if self.options.when == "bad" else "bad", why)
        return outcome(self._otherwise, f"{unmatched}, and {failure}")

    @property
    def _otherwise(self) -> Outcome:
        return self.options.otherwise or ("untestable" if self.options.when == "bad" else "bad")
