"""The variables by which git is led to another repository, or made to read names of files another way."""

from __future__ import annotations

REDIRECTING = (
    # Set by git for its hooks and for `git bisect run` (githooks(5)); `git rev-parse --local-env-vars` lists
    # most. Configuration (GIT_CONFIG_COUNT, GIT_CONFIG_GLOBAL, ...) leads nowhere, so it is the user's word.
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
    # The file names that we give to git are no patterns.
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
"""Dropped from the environment of bisector, and never passed on to a build or a test."""
