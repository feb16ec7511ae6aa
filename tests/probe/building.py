"""Builds and tests of small real repositories, in a worktree without a slot's lock."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file import build
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.environment import allowed_environment
from bisector.probe.identity import Identity
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.step import Step
from tests.git_history import chain, write_history
from tests.worktrees import private


@dataclass
class Site:
    """A worktree of a history, and the build in it. `steps` are the steps reported so far."""

    commits: Sequence[str]
    worktree: Worktree
    setup: Setup
    builds: Builds
    steps: list[Step]


def site(folder: Path, changes: Sequence[Mapping[str, str | None]], **said: Any) -> Site:
    """A site below `folder` with a commit for each of `changes`. The first and the last are the endpoints.

    `said` are keys of the hunt, such as `build__command` for `build.command`.
    """
    ids = list(write_history(folder / "repo", chain(len(changes), dict(enumerate(changes)))).values())
    keys = {key.replace("__", "."): value for key, value in said.items()}
    values = {"repository": str(folder / "repo"), "good": ids[0], "bad": ids[-1], "test.command": "true"}
    hunt = build({**values, **keys}, folder, None)
    environment = allowed_environment(hunt.environment.pass_, hunt.environment.set, os.environ)
    (folder / "logs").mkdir()
    steps: list[Step] = []
    setup = Setup(
        hunt,
        environment,
        folder / "logs",
        lambda _commit, step, _detail: steps.append(step),
        Scheduling(tests=cpus_of(hunt)),
    )
    identity = Identity(hunt, Repository(folder / "repo"), environment, {"good": ids[0], "bad": ids[-1]})
    worktree = Worktree(private(folder / "repo"), folder / "slot")
    worktree.create(ids[0])
    return Site(ids, worktree, setup, Builds(setup, identity, ArtefactStore(folder / "store")), steps)
