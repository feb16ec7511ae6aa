"""Completing without running out of memory."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Bad, Ending, Ends, Good, Judgement, Match, Options, Predicate, Run, Untestable
from bisector.units import format_size

from .failure import Exits, masked, why_failed
from .memory_messages import LINE, MEMORY, STACK, Message, runtime_of
from .outcomes import Outcome, how_it_ended, outcome

KILLED_IN_A_SHELL = 128 + signal.SIGKILL
"""The exit code of a shell whose last command was killed by SIGKILL."""


class NoOomOptions(Options):
    """Options of `no_oom`."""

    timeout: Literal["good", "untestable"] = Field(
        "untestable", description="Verdict if the test runs into the hunt's timeout below the memory limit."
    )
    patterns: tuple[Regex, ...] = Field(
        (),
        description="More lines that mean out of memory, as regular expressions. Such a line is bad however "
        "the test ends.",
    )
    stack: Outcome = Field(
        "untestable", description="Verdict if the test fails because its stack is full, not its memory."
    )
    exits: Exits = None


class NoOom(Predicate[NoOomOptions]):
    """Good if the test completes without running out of memory.

    Bad if the kernel kills one of its processes at the hunt's memory limit, or if the test fails and its
    runtime says that memory ran out, also below that limit. bisector knows the messages of OCaml, Node, the
    JVM, Go, Rust, C and C++, Python, PHP, Ruby, Perl, Lua, .NET, GHC, Erlang and common compilers. A message
    that the good endpoint also prints before it ends normally does not count.

    Untestable if the test fails in another way: with another exit code than the good endpoint's, or by a
    signal. A timeout does not count as out of memory.
    """

    name = "no_oom"
    Options = NoOomOptions

    @property
    def patterns(self) -> tuple[str, ...]:
        """The messages of runtimes, and the user's."""
        return (LINE, *(pattern.pattern for pattern in self.options.patterns))

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Certain at the first kill or line of the user's, even if the script continues without its child."""
        return self._certain(run)

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Judge by how the test ended and what its runtime said, without knowing the good endpoint's."""
        return self._judged(run, None)

    def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
        """Judge with the good endpoint's run: what it prints and its exit code are normal."""
        return self._judged(run, ends.good)

    def _certain(self, run: Run) -> Bad | None:
        if run.ending is Ending.MEMORY_LIMIT or run.oom_kills:
            return Bad(f"the test was killed at the memory limit after {run.wall:.1f} s{_peak(run)}")
        for pattern in self.options.patterns:
            if matches := run.matches.get(pattern.pattern):
                return Bad(f"the test printed {_shown(matches[0])}{_peak(run)}")
        return None

    def _judged(self, run: Run, good: Run | None) -> Judgement:
        if certain := self._certain(run):
            return certain
        if good is not None and (self._failure(good, None) is None or not _said(good, MEMORY)):
            said = _said_only_by(run, good, MEMORY)
        else:
            # The good endpoint ran out of memory itself: neither its message nor its exit code is normal.
            good, said = None, _said(run, MEMORY)
        if run.ending is Ending.TIMEOUT and not said:
            return outcome(self.options.timeout, f"the test {how_it_ended(run)}{_peak(run)}")
        if run.ending not in (Ending.EXITED, Ending.SIGNALLED):
            told = f", after {_shown(said[0])}" if said else ", but not at the memory limit"
            return Untestable(f"the test {how_it_ended(run)}{told}{_peak(run)}")
        failure = self._failure(run, good)
        if said:
            return self._of_message(run, said[0], failed=failure is not None)
        if _is_killed(run) and KILLED_IN_A_SHELL not in (self.options.exits or ()):
            return Untestable(f"the test {how_it_ended(run)}, but not at the memory limit{_peak(run)}")
        if failure is None:
            return Good(f"the test ended without running out of memory{_peak(run)}")
        return self._otherwise(run, good, failure)

    def _failure(self, run: Run, good: Run | None) -> str | None:
        return why_failed(run, self.options.exits, good)

    def _of_message(self, run: Run, said: Match, *, failed: bool) -> Judgement:
        of, told = runtime_of(said.text, MEMORY), f"{how_it_ended(run)}{_peak(run)}"
        if failed:
            return Bad(f"the test printed {_shown(said)} ({of}: out of memory) and {told}")
        return Untestable(
            f"the test printed {_shown(said)} ({of}: out of memory), but {told}, which is a normal end; if "
            "the line means that memory ran out, add it to predicate.patterns"
        )

    def _otherwise(self, run: Run, good: Run | None, failure: str) -> Judgement:
        """The judgement of a run that failed without a word about memory."""
        stack = _said(run, STACK) if good is None else _said_only_by(run, good, STACK)
        if stack:
            of = runtime_of(stack[0].text, STACK)
            return outcome(
                self.options.stack, f"the stack was full ({of}), not the memory: {_shown(stack[0])}"
            )
        return Untestable(failure)


def _is_killed(run: Run) -> bool:
    """Whether SIGKILL ended it, perhaps for its memory: then its end is normal at no commit."""
    return run.exit_code == KILLED_IN_A_SHELL or run.signal == signal.SIGKILL


def _said(run: Run, messages: Sequence[Message]) -> list[Match]:
    """The lines of the output that are one of these messages."""
    return [match for match in run.matches.get(LINE, ()) if runtime_of(match.text, messages)]


def _said_only_by(run: Run, good: Run, messages: Sequence[Message]) -> list[Match]:
    """Those that the good endpoint did not print: a test may write about memory on purpose."""
    usual = {masked(match.text) for match in _said(good, messages)}
    return [match for match in _said(run, messages) if masked(match.text) not in usual]


def _shown(match: Match) -> str:
    return repr(match.text[:100].strip())


def _peak(run: Run) -> str:
    return f" (peak {format_size(run.peak_memory)})" if run.peak_memory else ""
