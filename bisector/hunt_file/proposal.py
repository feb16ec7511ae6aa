"""A hunt file proposed for a repository, from the names and texts of its files; nothing is run here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import yaml

from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.proposal_systems import SYSTEMS, Found, Tree, script

FAILURE, TIME, MEMORY = "failure", "time", "memory"
"""What can be hunted with a proposed file."""

_PREDICATES = {
    FAILURE: (
        "exit_status",
        "By the exit code, as `git bisect run` does. For time: {name: wall_time, ratio: 1.5}; for memory:",
        "{name: peak_memory, ratio: 1.2}; for a line of output: output_matches. All: `bisector predicates`.",
    ),
    TIME: (
        "{name: wall_time, ratio: 1.5}",
        "Compares each run with a run of the good commit, made just before; 1.5 times is a regression.",
        "If the test prints `passed/total`, per_test_user_time is steadier on a busy machine.",
    ),
    MEMORY: (
        "{name: peak_memory, ratio: 1.2}",
        "Compares the peak memory of the process tree with the good commit; 1.2 times is a regression.",
        "If the test is killed for its memory, use no_oom, with `memory` under `test`.",
    ),
}
_SHELL_SKIPS = (125, 126, 127)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A hunt file's text, and what it was made from."""

    system: str
    text: str
    others: tuple[str, ...]
    """Other build systems that the repository seems to have."""


def propose(
    files: Sequence[str],
    read: Callable[[str], str],
    *,
    name: str,
    repository: str,
    tag: str | None,
    symptom: str,
    installed: Callable[[str], bool] = lambda _program: True,
) -> Proposal | None:
    """The hunt file for a tree that holds `files`, None where nothing in it can be tested.

    `read` gives a file's text; `repository` is its path as the hunt file is to have it; `tag` the newest
    tag before HEAD; `symptom` one of failure, time and memory. `installed` says whether a program is there.
    """
    # A file name with a line break would write keys of its own into the hunt file.
    tree = Tree(tuple(sorted(file for file in files if file.isprintable())), read)
    found = [one for system in SYSTEMS if (one := system(tree)) is not None]
    if not found and (alone := script(tree)):
        found = [alone]
    if not found:
        return None
    # The nearest to the top is the project's own; at one depth, the order of SYSTEMS decides.
    best = min(found, key=lambda one: len(PurePosixPath(one.folder).parts))
    others = tuple(one.seen for one in found if one is not best)
    head, judging = _head(best, others, name, repository), [*_judging(best, symptom), *_ending(symptom)]
    text = "\n".join([*head, *_range(tag), *_build(best, installed), *_test(best), *judging])
    return Proposal(best.system, text, others)


def _head(best: Found, others: Sequence[str], name: str, repository: str) -> list[str]:
    lines = [
        f"# Proposed by `bisector init`, which saw {best.seen}.",
        "# Every key: docs/reference/hunt-file.md, or `bisector schema` for your editor.",
    ]
    if others:
        lines.append(f"# Also here: {'; '.join(others)}.")
    return [*lines, f"hunt: {name}", f"repository: {_quoted(repository)}", ""]


def _range(tag: str | None) -> list[str]:
    if tag is None:
        why = "# No tag before HEAD, so bisector first searches for a good commit. It is faster to name one."
        return [why, f"good: {AUTO}", "bad: HEAD", ""]
    why = (
        f"# The newest tag before HEAD. Or any commit without the regression, or `{AUTO}` to search for one."
    )
    return [why, f"good: {_quoted(tag)}", "bad: HEAD", ""]


def _build(best: Found, installed: Callable[[str], bool]) -> list[str]:
    if best.build is None:
        return [f"# No build: {best.no_build}", ""]
    lines = ["build:", *(f"  # {note}" for note in best.build_notes), f"  command: {_quoted(best.build)}"]
    lines += [f"  folder: {_quoted(best.folder)}"] if best.folder != "." else []
    lines += ["  timeout: 30m"]
    if best.identity and installed(best.identity.split()[0]):
        lines.append("  # If the output of this command changes, everything is built again.")
        lines.append(f"  identity: {_quoted(best.identity)}")
    if best.inputs:
        lines.append(
            "  # Commits that do not differ in these share one build. The confirmation detects missing ones."
        )
        lines.append(f"  inputs: {_listed(best.inputs)}")
    else:
        lines.append("  # inputs: [src]   # commits that do not differ in these share one build")
    if best.outputs:
        lines.append("  # Kept, so that no commit is built twice.")
        lines.append(f"  outputs: {_listed(best.outputs)}")
    else:
        lines.append("  # outputs: [bin/program]   # kept, so that no commit is built twice")
    return [*lines, ""]


def _test(best: Found) -> list[str]:
    lines = ["test:", *(f"  # {note}" for note in best.test_notes), f"  command: {_quoted(best.test)}"]
    lines += [f"  folder: {_quoted(best.test_folder)}"] if best.test_folder != "." else []
    lines += [
        "  # After this time, the test and all its child processes are killed.",
        "  timeout: 10m",
        "  # memory: 8GiB   # kills a test that uses more",
        "",
    ]
    if best.environment:
        lines += ["environment:", f"  # {best.environment_note}", "  set:"]
        lines += [f"    {key}: {_quoted(value)}" for key, value in best.environment.items()]
        lines.append("")
    return lines


def _judging(best: Found, symptom: str) -> list[str]:
    value, *why = _PREDICATES[symptom]
    lines = [f"# {line}" for line in why]
    if symptom == FAILURE and best.skip:
        codes = ", ".join(map(str, (*best.skip, *_SHELL_SKIPS)))
        return [*lines, "predicate:", "  name: exit_status", f"  skip: [{codes}]   # {best.skip_note}"]
    return [*lines, f"predicate: {value}"]


def _ending(symptom: str) -> list[str]:
    calm = ["# quiet: {load_per_core: 0.5}   # wait for a quiet machine before each test, up to ten minutes"]
    log = ["", "# progress_log: plan.md   # add the conclusion to this Markdown file", ""]
    return [*(calm if symptom == TIME else []), *log]


def _quoted(text: str) -> str:
    return _listed([text])[1:-1]


def _listed(items: Sequence[str]) -> str:
    return yaml.safe_dump(list(items), default_flow_style=True, allow_unicode=True, width=10_000).strip()
