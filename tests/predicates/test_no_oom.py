"""`no_oom` tells a program that ran out of memory from one that failed for another reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bisector.predicate import Bad, Ending, Ends, Good, Judgement, Run, Untestable
from predicates.memory_messages import LINE, runtime_of
from predicates.memory_messages import MEMORY as MEMORY_MESSAGES
from predicates.memory_messages import STACK as STACK_MESSAGES

from .memory_lines import MEMORY, NOT_PROVOKED, STACK, TALK
from .test_judgements import finished, predicate

SAID = "Fatal error: exception Out of memory"
FINE = finished(predicate("no_oom"), "fine")


def run(*lines: str, code: int = 0, options: dict[str, Any] | None = None, **known: Any) -> Run:
    """A run that printed `lines` and exited with `code`."""
    return finished(predicate("no_oom", **(options or {})), *lines, exit_code=code, **known)


def reviewed(run: Run, good: Run | None = FINE, **options: Any) -> Judgement:
    """The judgement as a hunt gets it, with the good endpoint's run."""
    oom = predicate("no_oom", **options)
    return oom.review(oom.judge(run, None), run, Ends(good=good))


@pytest.mark.parametrize(("of", "line"), [(of, line) for of, _, line in MEMORY] + NOT_PROVOKED)
def test_a_runtime_that_says_so_ran_out_of_memory(of: str, line: str) -> None:
    """The line counts where the program fails, and names its runtime."""
    assert runtime_of(line, MEMORY_MESSAGES) == of
    found = reviewed(run("working", line, code=2))
    assert isinstance(found, Bad)
    assert f"({of}: out of memory)" in found.why


@pytest.mark.parametrize(("of", "line"), [(of, line) for of, _, line in STACK])
def test_a_full_stack_is_not_a_full_memory(of: str, line: str) -> None:
    """It is untestable with that reason, unless the hunt file decides otherwise."""
    assert runtime_of(line, STACK_MESSAGES) == of
    found = reviewed(run(line, code=2))
    assert isinstance(found, Untestable)
    assert found.why.startswith(f"the stack was full ({of}), not the memory")
    assert isinstance(reviewed(run(line, code=2), stack="bad"), Bad)


@pytest.mark.parametrize("line", TALK)
def test_a_test_may_write_about_memory(line: str) -> None:
    """A line that no runtime prints is no message, however the test ends."""
    assert run(line).matches[LINE] == ()
    assert isinstance(reviewed(run(line)), Good)
    assert isinstance(reviewed(run(line, code=1)), Untestable)


def test_a_message_that_the_good_endpoint_prints_too_is_talk() -> None:
    """It neither makes its own end bad, nor explains another failure."""
    talks = run(SAID)
    assert isinstance(reviewed(talks, good=talks), Good)
    assert isinstance(reviewed(run(SAID), good=talks), Good)
    assert isinstance(reviewed(run(SAID, code=1), good=talks), Untestable)


def test_a_message_before_a_normal_end_is_doubtful() -> None:
    """The program may have failed behind the script's back, or the test may write about it."""
    found = reviewed(run(SAID))
    assert isinstance(found, Untestable)
    assert "which is a normal end; if the line means that memory ran out" in found.why


def test_lines_of_the_user_count_however_the_test_ends() -> None:
    """They need no failure, and end the test at once."""
    options = {"patterns": ["^arena full"]}
    oom, full = predicate("no_oom", **options), run("arena full", options=options)
    assert isinstance(reviewed(full, **options), Bad)
    assert isinstance(oom.watch(full), Bad)
    assert oom.watch(run(SAID, options=options)) is None


def test_a_good_endpoint_out_of_memory_is_bad() -> None:
    """Its own message and exit code do not become normal by being the good endpoint's."""
    out = run(SAID, code=2)
    assert isinstance(reviewed(out, good=out), Bad)
    assert isinstance(reviewed(run(code=2), good=out), Untestable)


def test_another_failure_is_neither_good_nor_bad() -> None:
    """The reason names both exit codes, or the signal."""
    assert reviewed(run(code=3)) == Untestable("the test failed with exit code 3, the good endpoint's with 0")
    crashed = replace(run(), ending=Ending.SIGNALLED, exit_code=None, signal=11)
    found = reviewed(crashed)
    assert isinstance(found, Untestable)
    assert found.why.startswith(
        "the test was killed by signal 11 (SIGSEGV) after 10.0 s; the good endpoint's"
    )


def test_the_exit_code_of_good_is_normal() -> None:
    """A suite with failing tests may exit 1 everywhere; `exits` says what is normal instead."""
    assert isinstance(reviewed(run(code=1), good=run(code=1)), Good)
    assert isinstance(reviewed(run(), good=run(code=1)), Good)
    assert isinstance(reviewed(run(code=3), exits=[0, 3]), Good)
    assert isinstance(reviewed(run(code=1), good=run(code=1), exits=[0]), Untestable)


def test_sigkill_is_not_normal_at_the_good_endpoint() -> None:
    """Memory may have been the reason, so only `exits` makes it a normal end."""
    killed = run(code=137)
    assert isinstance(reviewed(killed, good=killed), Untestable)
    assert isinstance(reviewed(killed, good=killed, exits=[137]), Good)


def test_without_the_good_endpoint_only_exit_0_is_normal() -> None:
    """A single probe knows no other run; the reason says what to write."""
    found = reviewed(run(code=3), good=None)
    assert isinstance(found, Untestable)
    assert found.why.endswith("if that is a normal end, list it in predicate.exits")
    assert isinstance(reviewed(run(), good=None), Good)


def test_a_hang_after_the_message_is_untestable() -> None:
    """A timeout in the hunt file may be good, but not after a word about memory."""
    hung = replace(run(SAID), ending=Ending.TIMEOUT, exit_code=None)
    assert isinstance(reviewed(hung, timeout="good"), Untestable)
