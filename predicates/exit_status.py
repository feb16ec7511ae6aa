"""The exit code, as `git bisect run` takes it."""

from __future__ import annotations

from pydantic import Field

from bisector.predicate import Ending, Judgement, Options, Predicate, Run, Untestable

from .outcomes import Outcome, how_it_ended, outcome


class ExitStatusOptions(Options):
    """Options of `exit_status`."""

    good: tuple[int, ...] = Field((0,), description="Exit codes that mean good.")
    skip: tuple[int, ...] = Field(
        (125, 126, 127), description="Exit codes that mean untestable (126, 127: the command cannot be run)."
    )
    signal: Outcome = Field("bad", description="What a test is that a signal kills.")
    timeout: Outcome = Field("bad", description="What a test is that runs into the hunt's timeout.")
    memory: Outcome = Field("bad", description="What a test is that is killed at the hunt's memory limit.")


class ExitStatus(Predicate[ExitStatusOptions]):
    """Good for the exit codes named so, untestable for those to skip, bad for all others.

    Unlike `git bisect run`, an exit code of 128 or more does not stop the hunt: it is bad.
    """

    name = "exit_status"
    Options = ExitStatusOptions

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """By how the test ended."""
        options = self.options
        why = f"the test {how_it_ended(run)}"
        match run.ending:
            case Ending.EXITED:
                return outcome(self._meaning(run.exit_code), why)
            case Ending.SIGNALLED:
                return outcome(options.signal, why)
            case Ending.TIMEOUT:
                return outcome(options.timeout, why)
            case Ending.MEMORY_LIMIT:
                return outcome(options.memory, why)
            case _:
                return Untestable(why)

    def _meaning(self, code: int | None) -> Outcome:
        if code in self.options.good:
            return "good"
        return "untestable" if code in self.options.skip else "bad"
