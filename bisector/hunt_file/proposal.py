"""Proposes a hunt file for a repository from the names and contents of its files; runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import yaml

from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.proposal_systems import SYSTEMS, script
from bisector.hunt_file.proposal_tree import Found, Install, Tree

FAILURE, TIME, MEMORY = "failure", "time", "memory"
"""The symptoms that a proposed file can hunt."""

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
    """The text of a hunt file, and the build system that it is for."""

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
    """The hunt file for a tree with these `files`; None if nothing in it can be tested.

    `read` returns a file's text; `repository` is the path to write into the hunt file; `tag` is the newest
    tag before HEAD; `symptom` is one of failure, time and memory. `installed` says whether a program exists.
    """
    # A file name with a line break could add keys to the hunt file.
    tree = Tree(tuple(sorted(file for file in files if file.isprintable())), read)
    found = [one for system in SYSTEMS if (one := system(tree)) is not None]
    if not found and (alone := script(tree)):
        found = [alone]
    if not found:
        return None
    # The one nearest to the top is the project's own; at equal depth, the order of SYSTEMS decides.
    best = min(found, key=lambda one: len(PurePosixPath(one.folder).parts))
    others = tuple(one.seen for one in found if one is not best)
    head, judging = _head(best, others, name, repository), [*_judging(best, symptom), *_ending(symptom)]
    making = [*_setup(best), *_build(best, installed)]
    text = "\n".join([*head, *_range(tag), *making, *_test(best), *judging])
    return Proposal(best.system, text, others)


def installs_of(files: Sequence[str], read: Callable[[str], str]) -> list[Install]:
    """The sections `setup` for a tree with these `files`; `read` returns a file's text."""
    tree = Tree(tuple(sorted(file for file in files if file.isprintable())), read)
    found = [one for system in SYSTEMS if (one := system(tree)) is not None]
    return [replace(one.setup, folder=one.folder) for one in found if one.setup is not None]


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


def _setup(best: Found) -> list[str]:
    install = best.setup
    if install is None:
        return []
    lines = ["setup:", "  # Runs once for all commits that do not differ in the files under `key`."]
    lines += [*(f"  # {note}" for note in install.notes), f"  command: {_quoted(install.command)}"]
    lines += [f"  folder: {_quoted(best.folder)}"] if best.folder != "." else []
    return [*lines, f"  key: {_listed(install.key)}", f"  keeps: {_listed(install.keeps)}", ""]


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
