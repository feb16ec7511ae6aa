"""The text of a proposed hunt file, with a comment for every choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.flow import in_flow
from bisector.hunt_file.proposal import Detected
from bisector.hunt_file.proposal_symptoms import FAILS, FLAKY, JUDGING, MEMORY, RUNS_OF_FLAKY, SLOW, Judging

_SHELL_SKIPS = (125, 126, 127)


@dataclass(frozen=True, slots=True)
class Good:
    """The revision without the regression, and the comment above it; `given` if the user named it."""

    revision: str = AUTO
    why: str = "No tag before HEAD, so bisector first searches for a good commit. It is faster to name one."
    given: bool = False


@dataclass(frozen=True, slots=True)
class Lists:
    """Inputs and outputs as seen in a trial, and the comment that says in which."""

    why: str = ""
    build_inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    test_inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed hunt file; the trial fills in what it sees."""

    detected: Detected
    name: str
    repository: str
    """Path of the repository, as the file is to have it."""
    symptom: str = FAILS
    good: Good = field(default_factory=Good)
    judging: Judging | None = None
    """None for the usual predicate of the symptom."""
    lists: Lists = field(default_factory=Lists)
    timeout: str = "10m"
    memory: str = ""
    overlay: tuple[dict[str, str], ...] = ()
    passing: tuple[str, ...] = ()
    """Names of variables that builds and tests need besides the usual ones."""

    @property
    def text(self) -> str:
        """The hunt file."""
        parts = [_head, _range, _setup, _overlay, _build, _test, _environment, _judging, _ending]
        return "\n".join(line for part in parts for line in part(self))


def _head(draft: Draft) -> list[str]:
    best, others = draft.detected.best, draft.detected.others
    lines = [
        f"# Proposed by `bisector init`, which saw {best.seen}.",
        "# Every key: docs/reference/hunt-file.md, or `bisector schema` for your editor.",
    ]
    if others:
        lines.append(f"# Also here: {'; '.join(others)}.")
    return [*lines, f"hunt: {draft.name}", f"repository: {_quoted(draft.repository)}", ""]


def _range(draft: Draft) -> list[str]:
    return [f"# {draft.good.why}", f"good: {_quoted(draft.good.revision)}", "bad: HEAD", ""]


def _setup(draft: Draft) -> list[str]:
    best, install = draft.detected.best, draft.detected.best.setup
    if install is None:
        return [f"# No setup: {best.no_setup}", ""] if best.no_setup else []
    lines = ["setup:", "  # Runs once for all commits that do not differ in the files under `key`."]
    lines += [*(f"  # {note}" for note in install.notes), f"  command: {_quoted(install.command)}"]
    lines += [f"  folder: {_quoted(best.folder)}"] if best.folder != "." else []
    return [*lines, f"  key: {_listed(install.key)}", f"  keeps: {_listed(install.keeps)}", ""]


def _overlay(draft: Draft) -> list[str]:
    if not draft.overlay:
        return []
    why = "# Not in every commit, so all are tested with this one."
    return ["overlay:", f"  {why}", *(f"  - {in_flow(entry)}" for entry in draft.overlay), ""]


def _build(draft: Draft) -> list[str]:
    best, lists = draft.detected.best, draft.lists
    if best.build is None:
        return [f"# No build: {best.no_build}", ""]
    lines = ["build:", *(f"  # {note}" for note in best.build_notes), f"  command: {_quoted(best.build)}"]
    lines += [f"  folder: {_quoted(best.folder)}"] if best.folder != "." else []
    lines += ["  timeout: 30m"]
    if best.identity:
        lines.append("  # If the output of this command changes, everything is built again.")
        lines.append(f"  identity: {_quoted(best.identity)}")
    lines += [f"  # {lists.why}"] if lists.build_inputs or lists.outputs else []
    share = "commits that do not differ in these share one build"
    kept = "kept, so that no commit is built twice"
    for key, seen, guess, example, why in (
        ("inputs", lists.build_inputs, best.inputs, "src", share),
        ("outputs", lists.outputs, best.outputs, "bin/program", kept),
    ):
        if seen:
            lines.append(f"  {key}: {_listed(seen)}   # {why}")
        else:
            lines.append(f"  # {key}: {_listed(guess or [example])}   # {why}")
    return [*lines, ""]


def _test(draft: Draft) -> list[str]:
    best, lists = draft.detected.best, draft.lists
    lines = ["test:", *(f"  # {note}" for note in best.test_notes), f"  command: {_quoted(best.test)}"]
    lines += [f"  folder: {_quoted(best.test_folder)}"] if best.test_folder != "." else []
    lines += ["  # After this time, the test and all its child processes are killed."]
    lines += [f"  timeout: {draft.timeout}"]
    if draft.memory:
        lines.append(f"  memory: {draft.memory}   # kills a test that uses more; half of this machine")
    else:
        lines.append("  # memory: 8GiB   # kills a test that uses more")
    if lists.test_inputs:
        beside = " and in `build.inputs`" if lists.build_inputs else ""
        lines.append(f"  # {lists.why}")
        lines.append(f"  # Commits that do not differ in these{beside} are tested once.")
        lines.append(f"  inputs: {_listed(lists.test_inputs)}")
    return [*lines, ""]


def _environment(draft: Draft) -> list[str]:
    best = draft.detected.best
    if not best.environment and not draft.passing:
        return []
    lines = ["environment:"]
    if draft.passing:
        lines.append(
            "  # Set in your shell. Builds and tests see no other variables than these and a few usual ones."
        )
        lines.append(f"  pass: {_listed(draft.passing)}")
    if best.environment:
        lines += [f"  # {best.environment_note}", "  set:"]
        lines += [f"    {key}: {_quoted(value)}" for key, value in best.environment.items()]
    return [*lines, ""]


def _judging(draft: Draft) -> list[str]:
    best, judging = draft.detected.best, draft.judging or JUDGING[draft.symptom]
    lines = [f"# {line}" for line in judging.why]
    if judging.predicate == "exit_status" and best.skip:
        codes = ", ".join(map(str, (*best.skip, *_SHELL_SKIPS)))
        lines += ["predicate:", "  name: exit_status", f"  skip: [{codes}]   # {best.skip_note}"]
    else:
        lines.append(f"predicate: {judging.predicate}")
    if draft.symptom == FLAKY:
        lines += [
            "premise:",
            f"  runs: {RUNS_OF_FLAKY}   # runs of each endpoint at first; more for a test that seldom fails",
        ]
    return lines


def _ending(draft: Draft) -> list[str]:
    calm = ["# quiet: {load_per_core: 0.5}   # wait for a quiet machine before each test, up to ten minutes"]
    log = ["", "# progress_log: plan.md   # add the conclusion to this Markdown file", ""]
    limit = ["# If the test is killed for its memory, use no_oom, with `memory` under `test`."]
    extra = calm if draft.symptom == SLOW else limit if draft.symptom == MEMORY and not draft.judging else []
    return [*extra, *log]


def _quoted(text: str) -> str:
    return _listed([text])[1:-1]


def _listed(items: Sequence[str]) -> str:
    return yaml.safe_dump(list(items), default_flow_style=True, allow_unicode=True, width=10_000).strip()
