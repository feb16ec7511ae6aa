"""Staying below the memory limit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bisector.predicate import Bad, Ending, Good, Judgement, Options, Predicate, Run, Untestable
from bisector.units import format_size

from .outcomes import how_it_ended, outcome

KILLED_IN_A_SHELL = 128 + 9
"""The exit code by which a shell passes on that its last command was killed by SIGKILL."""


class NoOomOptions(Options):
    """Options of `no_oom`."""

    timeout: Literal["good", "untestable"] = Field(
        "untestable", description="Verdict if the test runs into the hunt's timeout below the memory limit."
    )


class NoOom(Predicate[NoOomOptions]):
    """Bad if the test is killed at the hunt's memory limit, good if it ends below it.

    A timeout does not count as out of memory. A test that SIGKILL ends for another reason is untestable:
    memory may have been the reason, but not the hunt's limit.
    """

    name = "no_oom"
    Options = NoOomOptions

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Certain with the first kill, also where the script goes on without its child."""
        return self._killed(run) if run.oom_kills else None

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """By how the test ended."""
        if run.ending is Ending.MEMORY_LIMIT or run.oom_kills:
            return self._killed(run)
        if run.ending is Ending.TIMEOUT:
            return outcome(self.options.timeout, f"the test {how_it_ended(run)}{_peak(run)}")
        if run.ending is Ending.EXITED and run.exit_code != KILLED_IN_A_SHELL:
            return Good(f"the test ended below the memory limit{_peak(run)}")
        return Untestable(f"the test {how_it_ended(run)}, and not at the memory limit{_peak(run)}")

    def _killed(self, run: Run) -> Bad:
        return Bad(f"the test was killed at the memory limit after {run.wall:.1f} s{_peak(run)}")


def _peak(run: Run) -> str:
    return f" (peak {format_size(run.peak_memory)})" if run.peak_memory else ""
