"""Two commits, built in separate slots, in which collectors run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bisector.engine.slots import Slot, Slots
from bisector.errors import HistoryError
from bisector.hunt.ground import Ground
from bisector.hunt.scratch import make_private
from bisector.hunt_file import Hunt
from bisector.hunt_file.overlay import Overlay
from bisector.phases.diagnosis.commits import Pair
from bisector.phases.evidence.contract import Unavailable
from bisector.predicate import Ending, Run, Tool, Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.identity import Identity
from bisector.probe.launch import SHELL
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.start import start_of
from bisector.probe.step import OnStep
from bisector.probe.test import Tests

_ROOM = ".bisector-evidence"
_ENDED = {
    Ending.TIMEOUT: "did not finish in time",
    Ending.MEMORY_LIMIT: "hit the memory limit",
    Ending.OUTPUT_LIMIT: "hit the output limit",
    Ending.SIGNALLED: "was killed by a signal",
}


class NotBuilt(HistoryError):
    """A commit does not build (`why`), so that nothing can be compared with it."""

    def __init__(self, commit: str, why: str) -> None:
        super().__init__(
            f"cannot build {commit[:12]}, so there is nothing to compare: {why}; "
            "name a commit that builds, and one to compare it with as --against"
        )
        self.commit, self.why = commit, why


class CannotRun(Unavailable):
    """The test cannot run at a commit (`why`); `log` has what it printed."""

    def __init__(self, commit: str, why: str, log: Path) -> None:
        super().__init__(f"at {commit[:12]}: {why}")
        self.commit, self.why, self.log = commit, why, log


class Bench:
    """The slots of both commits of a pair; `ends` maps `good` and `bad` in overlays to commit ids."""

    def __init__(
        self, ground: Ground, pair: Pair, slots: Slots, ends: Mapping[str, str], logs: Path, on_step: OnStep
    ) -> None:
        self.ground = ground
        self.environment = ground.seen
        self._ends = ends
        self._logs = logs
        self._on_step = on_step
        self._store = ArtefactStore(ground.scratch.store)
        self._overlay: tuple[Overlay, ...] = ()
        self._fragile: set[str] = set()
        make_private(logs)
        self.bad = BuiltSide(self, slots.take(pair.bad.id), pair.bad.id, pair.good.id)
        self.good = BuiltSide(self, slots.take(pair.good.id), pair.good.id, "")

    def stand(self, overlay: tuple[Overlay, ...] = ()) -> None:
        """Build both commits, with `overlay` on top of the hunt's own.

        Raises `NotBuilt` if a commit does not build, `Unavailable` if it does not build with `overlay`.
        """
        if overlay != self._overlay:
            self.good.slot.commit = self.bad.slot.commit = None
        self._overlay = overlay
        for side in (self.good, self.bad):
            self.start(side.slot, side.commit)

    def start(self, slot: Slot, commit: str) -> None:
        """Reset the slot to `commit` as it was built; raises like `stand`."""
        slot.put_back()
        hunt = self._hunt()
        if slot.commit != commit:
            setup, ground = self.setup(hunt), self.ground
            identity = Identity(hunt, ground.repository, setup.environment, self._ends, ground.compiler)
            with slot.changing(commit):
                builds = Builds(setup, identity, self._store)
                built = builds.build(slot.worktree, commit, spoilt=slot.is_spoilt)
            if isinstance(built, Untestable):
                raise self._not_built(commit, built.why)
            slot.commit, slot.is_spoilt = commit, False
        slot.start = slot.start or start_of(hunt, slot.worktree, commit, self._fragile)

    def _hunt(self) -> Hunt:
        """The hunt with the collector's overlay, in which resets spare the collector's folder."""
        hunt = laid_over(self.ground.hunt, self._overlay)
        test = hunt.test.model_copy(update={"keeps": (*hunt.test.keeps, _ROOM)})
        return hunt.model_copy(update={"test": test})

    def _not_built(self, commit: str, why: str) -> Exception:
        if self._overlay:
            return Unavailable(f"at {commit[:12]}: {why}")
        return NotBuilt(commit, why)

    def setup(self, hunt: Hunt, more: Mapping[str, str] | None = None) -> Setup:
        """The setup for one build or run of `hunt`, with the additional variables `more`."""
        environment = {**self.environment, **(more or {})}
        return Setup(hunt, environment, self._logs, self._on_step, Scheduling(tests=cpus_of(hunt)))


def laid_over(hunt: Hunt, overlay: tuple[Overlay, ...]) -> Hunt:
    """The hunt with `overlay` appended to its own."""
    return hunt.model_copy(update={"overlay": (*hunt.overlay, *overlay)})


class BuiltSide:
    """One commit on the bench; see `bisector.phases.evidence.contract.Side`."""

    def __init__(self, bench: Bench, slot: Slot, commit: str, against: str) -> None:
        self.slot = slot
        self.commit = commit
        self.against = against
        self.environment: Mapping[str, str] = bench.environment
        self._bench = bench
        self._runs = 0
        self._is_changed = False
        """Whether the collector's own command may have changed the slot on purpose."""

    @property
    def root(self) -> Path:
        """The top of the slot's work tree."""
        return self.slot.worktree.path

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The paths of the build's declared outputs in the slot."""
        build = self._bench.ground.hunt.build
        return tuple(self.root / output for output in build.outputs) if build else ()

    @property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """The declared inputs, if any."""
        hunt = self._bench.ground.hunt
        declared = {"build": hunt.build.inputs if hunt.build else None, "test": hunt.test.inputs}
        return {name: inputs for name, inputs in declared.items() if inputs is not None}

    @property
    def room(self) -> Path:
        """The folder for files that tools write; `clear` deletes it."""
        room = self.root / _ROOM
        room.mkdir(exist_ok=True)
        return room

    def clear(self) -> None:
        """Delete the folder `room` and reset the slot."""
        shutil.rmtree(self.root / _ROOM, ignore_errors=True)
        self._is_changed = False
        self.slot.put_back()

    def run(
        self,
        command: str | tuple[str, ...] | None = None,
        *,
        under: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        patterns: Sequence[str] = (),
        timeout: float | None = None,
        tool: Tool | None = None,
    ) -> Run:
        """Run the test, or `command`, under the hunt's limits and a `tool` that counts; see the contract.

        Lines that match `patterns` do not show that it ran. Raises `CannotRun` if it cannot.
        """
        hunt = self._bench.ground.hunt
        if command is not None:
            self._is_changed = True
        elif not self._is_changed:
            self._bench.start(self.slot, self.commit)
        wanted = hunt.test.command if command is None else command
        if under:
            words = (SHELL, "-c", wanted) if isinstance(wanted, str) else wanted
            wanted = (*under, *words)
        test = hunt.test.model_copy(update={"command": wanted, "timeout": timeout or hunt.test.timeout})
        setup = self._bench.setup(hunt.model_copy(update={"test": test}), environment)
        self._runs += 1
        tests, log = Tests(setup, patterns, tool=tool, lines_prove_it_ran=False), f"diagnose-{self._runs}"
        done = tests.run(self.slot.worktree, self.commit, log)
        if isinstance(done.judgement, Untestable):
            raise CannotRun(self.commit, done.judgement.why, setup.log_path(self.commit, log))
        if done.run.ending is not Ending.EXITED:
            ended = _ENDED.get(done.run.ending or Ending.SIGNALLED, "did not end by itself")
            raise Unavailable(f"at {self.commit[:12]} the test {ended}, so its figures are incomplete")
        return done.run

    def git(self, *arguments: str) -> str:
        """The output of `git ARGUMENTS` in the repository."""
        return self._bench.ground.repository.git(*arguments).decode(errors="replace")
