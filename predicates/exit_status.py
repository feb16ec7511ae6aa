"""The exit code, as in `git bisect run`."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from bisector.predicate import Ending, Ends, Judgement, Options, Predicate, Run, Untestable

from .failure import Like, like_pattern, only_like
from .outcomes import Outcome, how_it_ended, outcome

_LARGEST = 255


class ExitStatusOptions(Options):
    """Options of `exit_status`."""

    good: tuple[int, ...] = Field((0,), description="Exit codes that mean good.")
    skip: tuple[int, ...] = Field(
        (125, 126, 127), description="Exit codes that mean untestable (126, 127: the command cannot be run)."
    )
    signal: Outcome = Field("bad", description="Verdict if a signal kills the test.")
    timeout: Outcome = Field("bad", description="Verdict if the test runs into the hunt's timeout.")
    memory: Outcome = Field("bad", description="Verdict if the test exceeds the hunt's memory limit.")
    like: Like = None

    @field_validator("good", "skip")
    @classmethod
    def _are_exit_codes(cls, codes: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if wrong := [code for code in codes if not 0 <= code <= _LARGEST]:
            raise ValueError(f"{wrong[0]} is not an exit code; use 0 to {_LARGEST}")
        if info.field_name == "good" and not codes:
            raise ValueError("is an empty list, so nothing would be good; name an exit code")
        return codes


class ExitStatus(Predicate[ExitStatusOptions]):
    """Judges by the exit code: good for those in `good`, untestable for those in `skip`, bad for all others.

    Unlike `git bisect run`, an exit code of 128 or more does not stop the hunt: it is bad.
    """

    name = "exit_status"
    Options = ExitStatusOptions

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line of the failure to find, if `like` is a pattern."""
        return like_pattern(self.options.like)

    @property
    def runs_to_the_end(self) -> bool:
        """Only a whole run shows which failure it is."""
        return self.options.like is not None

    @property
    def reviews(self) -> bool:
        """With `like`, the bad endpoint's run may be needed."""
        return self.options.like is not None

    def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
        """Untestable for a bad run with another failure than `like` names."""
        return only_like(judgement, run, self.options.like, ends)

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Judge by how the test ended."""
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
