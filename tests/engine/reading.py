"""Reading commits of small real repositories with the engine of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bisector.engine.fair_runs import Patience
from bisector.engine.reader import Reader
from bisector.engine.slots import Slots
from bisector.history.repository import Repository
from bisector.hunt_file import build
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.discovery import find_predicate, options_context
from bisector.probe.environment import allowed_environment
from bisector.probe.identity import Identity
from bisector.probe.judge import Judge
from bisector.probe.probe import prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.step import Step
from tests.git_history import Node, write_history


@dataclass
class Lab:
    """An engine over a repository of one commit, and the events so far."""

    engine: Reader
    commit: str
    folder: Path
    setup: Setup
    builds: Builds
    slots: Slots
    steps: list[tuple[Step, str]] = field(default_factory=list)

    def read(self, against: str = "") -> Reading:
        """Read the commit once."""
        return self.engine.read(Request(self.commit, Role.SEARCH, against))

    def told(self, step: Step) -> list[str]:
        """The details of all events of this step so far."""
        return [detail for one, detail in self.steps if one is step]


@contextmanager
def lab(
    folder: Path,
    test: object,
    files: Mapping[str, str | None] | None = None,
    engine: Mapping[str, Any] | None = None,
    on_step: Callable[[Step], None] = lambda _step: None,
    tmpdir: Path | None = None,
    **said: Any,
) -> Iterator[Lab]:
    """A lab in `folder` whose hunt has the test command `test`.

    `said` are further keys, such as `test__folder` for `test.folder`. `engine` are options of the engine,
    which retries faults without delay. `tmpdir` is the TMPDIR around it.
    """
    arguments = {"longest_wait": 0.0, **(engine or {})}
    if not (folder / "repo").exists():
        write_history(folder / "repo", [Node("c0", [], files)])
    repository = Repository(folder / "repo")
    commit = repository.resolve("HEAD")
    overrides = {"repository": str(folder / "repo"), "good": "HEAD", "bad": commit, "test.command": test}
    hunt = build(overrides | {key.replace("__", "."): value for key, value in said.items()}, folder, None)
    kind = find_predicate(hunt.predicate.name, folder)
    options = kind.Options.model_validate(hunt.predicate.options, context=options_context(folder))
    (folder / "logs").mkdir(exist_ok=True)
    around = {**os.environ, **({"TMPDIR": str(tmpdir)} if tmpdir else {})}
    environment = allowed_environment(hunt.environment.pass_, hunt.environment.set, around)
    steps: list[tuple[Step, str]] = []

    def note(_commit: str, step: Step, detail: str) -> None:
        steps.append((step, detail))
        on_step(step)

    predicate, ends = kind(options), {"good": commit, "bad": commit}
    with Slots(folder / "slots", repository) as slots:
        setup = Setup(hunt, environment, folder / "logs", note, Scheduling(tests=cpus_of(hunt)))
        identity = Identity(hunt, repository, environment, ends, predicate=predicate)
        builds = Builds(setup, identity, ArtefactStore(folder / "store"))
        reader = Reader(prober(builds, Judge(predicate)), slots, patience=Patience(**arguments))
        yield Lab(reader, commit, folder, setup, builds, slots, steps)
