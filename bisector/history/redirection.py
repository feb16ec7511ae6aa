"""Variables that redirect git to another repository or change how it reads file names."""

from __future__ import annotations

from collections.abc import MutableMapping

REDIRECTING = (
    # git sets these for hooks and for `git bisect run` (githooks(5)); `git rev-parse --local-env-vars` lists
    # most. Configuration (GIT_CONFIG_COUNT, GIT_CONFIG_GLOBAL, ...) redirects nothing.
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_CONFIG",
    # File names that we pass to git are not patterns.
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
"""Removed from bisector's environment and never passed to a build or a test."""

_taken_out: dict[str, str] = {}


def take_out(environment: MutableMapping[str, str]) -> None:
    """Remove these variables from the environment of this process."""
    for name in REDIRECTING:
        if (value := environment.pop(name, None)) is not None:
            _taken_out[name] = value


def index_of_hook() -> str | None:
    """The index that git told the hook that called bisector: what is about to be committed; None without."""
    return _taken_out.get("GIT_INDEX_FILE")
