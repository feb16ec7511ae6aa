"""Inputs and outputs for a proposed hunt file, from what one build and one test really did."""

from __future__ import annotations

import re
import time

from bisector.errors import EnvironmentFault, HistoryError, HuntFileError
from bisector.history.inputs import coming_and_going, covered
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.trial import try_at, try_on_outputs
from bisector.hunt_file.proposal_text import Lists
from bisector.phases.inputs.cover import cover
from bisector.phases.inputs.proposal import proposed
from bisector.phases.inputs.tracing import Traced, made_by_build, traced
from bisector.phases.proposing.endpoints import Endpoint, Ends
from bisector.predicate import Untestable
from bisector.report.findings import duration

_LONGEST_RANGE = 1000
"""First parents to look back for files that come and go, if the good commit is not known."""
_BUILDS_AGAIN, _SLACK = 0.5, 0.05
"""A test on restored outputs builds again if it takes longer than on its own build, by more than this share
of the build and by more than these seconds."""
TRACED_FOR = 20.0
"""Most seconds of a build, and of a test, under strace."""
_TOO_SLOW = (
    f"no inputs are proposed: under strace, a build or a test takes longer than {TRACED_FOR:.0f} s; "
    "`bisector inputs --write` waits"
)
_BUILD_TOOL = re.compile(r"(?:^|[\s;&|(/])(?:cargo|dune|go|mvnw?|gradlew?|g?make|ninja|bazel|stack|cabal)\s")
"""A test that calls one of these builds what is out of date, and relies on more than it reads."""


def lists_at(
    ground: Ground, at: Endpoint, ends: Ends, guess: tuple[str, ...], listener: Listener
) -> tuple[Lists, str]:
    """The lists, and one sentence about them; `guess` are likely outputs.

    Traces a build and a test of `at` if strace is there; otherwise only sees what a build leaves.
    """
    began = time.monotonic()
    try:
        one = traced(ground, at.commit, listener, TRACED_FOR)
    except EnvironmentFault as fault:
        return _of_build(ground, at, guess, str(fault), listener)
    except HistoryError as error:
        if time.monotonic() - began >= TRACED_FOR:
            return Lists(), _TOO_SLOW
        return Lists(), f"no inputs are proposed, because under strace {at.name} behaves differently: {error}"
    if one.trouble and time.monotonic() - began >= TRACED_FOR:
        return Lists(), _TOO_SLOW
    if one.trouble:
        return Lists(), f"no inputs are proposed, because at {at.name} {one.trouble}"
    return _of_trace(ground, one, at, ends)


def _of_trace(ground: Ground, one: Traced, at: Endpoint, ends: Ends) -> tuple[Lists, str]:
    moving = coming_and_going(ground.repository, [_since(ground, ends)], ends.bad_id)
    found = proposed(ground.hunt, one, moving, str(ground.scratch.root.resolve()))
    outputs = found.outputs.proposed if found.outputs and not _builds(ground) else ()
    if any(part.startswith(".") for path in outputs for part in path.split("/")):
        outputs = ()  # The state of a build tool: the files of another commit may have other names.
    lists = Lists(
        f"Seen by strace at {at.name}; the confirmation does not trust it.",
        found.build.inputs if found.build else (),
        outputs,
        found.test.inputs,
    )
    if not (lists.build_inputs or lists.outputs or lists.test_inputs):
        return Lists(), "the test reads no file of the repository, so no inputs are proposed"
    seen = "inputs and outputs" if outputs else "inputs"
    return lists, f"{seen} are those that strace saw at {at.name}"


def _builds(ground: Ground) -> bool:
    """Whether the test calls a build tool itself."""
    command = ground.hunt.test.command
    return bool(_BUILD_TOOL.search(f"{command if isinstance(command, str) else ' '.join(command)} "))


def _of_build(
    ground: Ground, at: Endpoint, guess: tuple[str, ...], why: str, listener: Listener
) -> tuple[Lists, str]:
    if ground.hunt.build is None or _builds(ground):
        return Lists(), f"no inputs are proposed: {why}"
    made = made_by_build(ground, at.commit, listener)
    if made is None or not made.files:
        return Lists(), f"no inputs are proposed: {why}"
    wanted = [one for one in guess if any(covered(file, [one]) for file in made.files)]
    outputs = tuple(wanted) or cover(made.files, made.files, never=made.tracked)
    told = f"outputs are what the build made at {at.name}; for inputs, {why}"
    return Lists(f"Made by the build at {at.name}.", outputs=outputs), told


def _since(ground: Ground, ends: Ends) -> str:
    if ends.good_id:
        return ends.good_id
    line = ground.repository.first_parents(ends.bad_id, None)
    return line[min(len(line) - 1, _LONGEST_RANGE)]


def trouble_with(ground: Ground, at: Endpoint, ends: Ends, listener: Listener) -> str:
    """Why the outputs that `ground` declares do not do; empty if they do.

    Reads `at` once more, which puts its build into the store, and tests what the store gives back.
    """
    usual = at.readings[-1]
    try:
        reading = try_at(ground, at.commit, ends.ids(), listener)[-1]
    except HuntFileError as error:
        return str(error).rpartition("outputs: ")[2]
    if isinstance(reading.judgement, Untestable):
        return f"with them, {at.name} cannot be tested: {reading.judgement.why}"
    if type(reading.judgement) is not type(usual.judgement):
        return f"with them, {at.name} is judged otherwise: {reading.judgement.why}"
    run = try_on_outputs(ground, at.commit, ends.ids(), listener)
    if run is None:
        return "the store could not give them back"
    longer = run.wall - at.wall
    if longer > max(_SLACK, _BUILDS_AGAIN * usual.build_seconds):
        return (
            f"on outputs from the store the test takes {duration(run.wall)} instead of "
            f"{duration(at.wall)}, because it builds again"
        )
    return ""
