"""One commit in one slot: laid out, overlaid, built, tested."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeGuard

from bisector.errors import CommitFault, UsageError
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file.model import Build, Hunt
from bisector.hunt_file.suites import Suites
from bisector.predicate import Bad, Ending, Good, Judgement, Measured, Predicate, Run, Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build_failure import require_tool, why_build_failed
from bisector.probe.compiler_caches import with_caches
from bisector.probe.dune_root import environment_for
from bisector.probe.early import SPREAD, Endpoints, bar, ended_at, least_of, standing_bar, watching
from bisector.probe.execution import Command, Execution, GivenUp, Limits, execute
from bisector.probe.fairness import doubt
from bisector.probe.identity import Identity
from bisector.probe.inside import is_inside, leads_out
from bisector.probe.kept_builds import KeptBuilds
from bisector.probe.output_files import CannotBeKept, remove
from bisector.probe.overlay import DoesNotApply, lay_over
from bisector.probe.reading import BuildKind
from bisector.probe.sandbox import Sandbox, require_entered
from bisector.probe.scheduling import LAST, Scheduling, cpus_of
from bisector.probe.soundness import require_sound
from bisector.probe.sparse import paths_of
from bisector.probe.start import Start, copies_of
from bisector.probe.temporary import temporary_folder
from bisector.probe.undeclared import bring_back, forget_aside, put_aside

_NOT_RUN = {126: "cannot be executed", 127: "is not there"}
_LOOK = 0.05
"""Seconds between two looks whether another one's build is done."""
_LARGEST_SCOREBOARD = 256 * 1024


class Step(Enum):
    """What a slot is busy with."""

    LAYING_OUT = "laying out"
    BUILDING = "building"
    BUILDING_CLEAN = "building clean"
    BUILDING_AHEAD = "building ahead"
    TESTING = "testing"
    TESTING_REFERENCE = "testing the reference"
    RETRYING = "waiting to retry"
    WAITING = "waiting for a calm machine"
    REPEATING = "repeating a run that was not fair"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Built:
    """A commit stands built in a slot; `seconds` is what that took, `digest` the bytes of its outputs."""

    commit: str
    seconds: float
    digest: str = ""
    how: BuildKind = BuildKind.NONE


OnStep = Callable[[str, Step, str], None]


class Prober:
    """Builds and tests commits as one hunt asks; `identity` is the recipe of what it builds.

    A test is ended when its answer is certain; with `whole` only when that answer is not good.
    A build that fails is tried once more from clean before its commit is called untestable. Methods
    raise `InfrastructureFault` for what is not the commit's fault, `EnvironmentFault` for what the
    machine lacks; the constructor `HuntFileError` for CPUs that are not there. `failures` has why builds
    fail, by key, for probers of one hunt to share.
    """

    def __init__(
        self,
        hunt: Hunt,
        repository: Repository,
        predicate: Predicate[Any],
        store: ArtefactStore,
        logs: Path,
        environment: Mapping[str, str],
        identity: Identity,
        on_step: OnStep,
        *,
        whole: bool = False,
        scheduling: Scheduling | None = None,
        failures: dict[str, str] | None = None,
    ) -> None:
        self.hunt = hunt
        self._repository = repository
        self._predicate = predicate
        self._store = store
        self._logs = logs
        self._environment = environment
        self._identity = identity
        self._ends = identity.named
        self._on_step = on_step
        self._whole = whole
        self._suites = hunt.suites or Suites()
        self._only = paths_of(hunt) if hunt.sparse else ()
        self.builds = KeptBuilds(identity, store)
        self._failures = {} if failures is None else failures
        self.scheduling = scheduling or Scheduling(tests=cpus_of(hunt))
        self._sandbox = Sandbox() if hunt.sandbox else None

    @property
    def by_wall_clock(self) -> bool:
        """Whether the predicate goes by wall time."""
        return self._predicate.by_wall_clock

    @property
    def ends(self) -> frozenset[str]:
        """The commits at which the hunt begins and ends."""
        return frozenset(self._ends.values())

    def build(
        self, worktree: Worktree, commit: str, *, fresh: bool = False, clean: bool = False
    ) -> Built | Untestable:
        """Lay out and build `commit`, or take its outputs from the store; `fresh` takes clean builds only.

        `clean` leaves nothing in the slot of what was built there before.
        """
        started = time.monotonic()
        self._on_step(commit, Step.LAYING_OUT, "")
        try:
            built = self._stored_or_built(worktree, commit, fresh, clean=fresh or clean)
        except DoesNotApply as error:
            return Untestable(str(error))
        except CommitFault:
            require_sound(worktree, self._environment, failed=True)
            raise
        return replace(built, seconds=time.monotonic() - started) if isinstance(built, Built) else built

    def _stored_or_built(
        self, worktree: Worktree, commit: str, fresh: bool, *, clean: bool
    ) -> Built | Untestable:
        if not (self.hunt.build and self.hunt.build.outputs):
            self._lay_out(worktree, commit, clean=clean)
            failure, how = self._run_build(worktree, commit, clean=clean)
            return Untestable(failure) if failure else Built(commit, 0.0, how=how)
        key = self.builds.key(commit, fresh)
        with self._store.building(key, self._wait):
            if self.builds.usable(worktree, commit, fresh):
                self._lay_out(worktree, commit, clean=clean, to_restore=True)
                digest = self.builds.restored(worktree, commit, fresh)
                if digest is not None:
                    return Built(commit, 0.0, digest, BuildKind.RESTORED)
            self._lay_out(worktree, commit, clean=clean)
            if key in self._failures:
                return Untestable(self._failures[key])
            for output in self.hunt.build.outputs:
                # Of another commit's outputs, restored, a build would not know what they were made of.
                if is_inside(worktree.path, output):
                    remove(worktree.path / output)
            failure, how = self._run_build(worktree, commit, clean=clean)
            try:
                digest = "" if failure else self.builds.kept(worktree, commit, fresh)
            except CannotBeKept as error:
                failure = str(error)
            if failure:
                self._failures[key] = failure
                return Untestable(failure)
            return Built(commit, 0.0, digest or "", how)

    def lay_out_alone(self, worktree: Worktree, commit: str) -> bool:
        """Have an endpoint stand in the slot with its outputs from the store and nothing else of its build.

        Whether the store has them.
        """
        self._lay_out(worktree, commit, clean=False, to_restore=True)
        return self.builds.restore_alone(worktree, commit)

    def stored(self, commit: str, fresh: bool) -> bool:
        """Whether the build of a commit need not be made any more."""
        return self._store.has(self.builds.key(commit, fresh))

    def _wait(self) -> None:
        if self.scheduling.stop.wait(_LOOK):
            raise GivenUp

    def test(
        self,
        worktree: Worktree,
        commit: str,
        log: str,
        *,
        reference: bool = False,
        baseline: Run | None = None,
        endpoints: Endpoints | None = None,
    ) -> Execution:
        """Run the test of the commit that stands in the slot; a reference's run is never judged early.

        With its reference's run as `baseline` and with `endpoints`, a run that is certain to be bad is ended.
        """
        test = self.hunt.test
        self._on_step(commit, Step.TESTING_REFERENCE if reference else Step.TESTING, "")
        folder = worktree.path / test.folder
        worktree.require_whole()
        if leads_out(worktree.path, test.folder) or not folder.is_dir():
            run = Run(0.0, 0.0, 0.0, ending=Ending.EXITED, exit_code=127)
            why = f"the folder {test.folder} of the test is not there, or leads out of the repository"
            return Execution(run, Untestable(why))
        if self._whole and baseline is None:
            endpoints = None
        since = self._scoreboard_written(worktree)
        with self._temporary() as environment:
            execution = execute(
                self._command(worktree, test.command, test.folder, commit, environment),
                Limits(test.timeout, test.memory, test.output),
                patterns=tuple(dict.fromkeys((*self._predicate.patterns, *self._suites.patterns))),
                watch=None if reference else watching(self._watch, self._predicate, endpoints, baseline),
                log=self.log_path(commit, log),
                cpus=self.scheduling.tests,
                stop=self.scheduling.stop,
            )
            if self._sandbox:
                require_entered(execution.run)
            well = execution.run.exit_code == 0 or isinstance(execution.judgement, Good)
            require_sound(worktree, self._environment, failed=not well)
        execution = replace(execution, run=self._with_scoreboard(execution.run, worktree, since))
        code = execution.run.exit_code
        if code in _NOT_RUN and not any(execution.run.matches.values()):
            return Execution(execution.run, Untestable(f"the test {_NOT_RUN[code]} (exit {code})"))
        return execution

    def _temporary(self) -> AbstractContextManager[Mapping[str, str]]:
        """The environment of one test; a sandbox, or whoever sets TMPDIR, has a place for its files."""
        if self._sandbox or "TMPDIR" in self.hunt.environment.set:
            return nullcontext(self._environment)
        return temporary_folder(self._environment)

    def start(self, worktree: Worktree, commit: str, fragile: set[str]) -> Start:
        """Where the tests of the commit that stands in the slot start from; `fragile` as `Start` has it."""
        hunt = self.hunt
        return Start(
            worktree,
            commit,
            copies_of(worktree.path),
            fragile,
            keeps=hunt.test.keeps,
            outputs=hunt.build.outputs if hunt.build else (),
            laid_over=bool(hunt.build or hunt.overlay),
        )

    def _watch(self, run: Run) -> Good | Bad | Untestable | None:
        judgement = self._predicate.watch(run)
        return None if self._whole and isinstance(judgement, Good) else judgement

    def _with_scoreboard(self, run: Run, worktree: Worktree, since: int | None) -> Run:
        """The run with the scoreboard that it wrote; one that stood there before (`since`) is not its own."""
        if self._suites.scoreboard is None or self._scoreboard_written(worktree) in (None, since):
            return run
        file = worktree.path / self._suites.scoreboard
        if file.stat().st_size > _LARGEST_SCOREBOARD:
            return run
        return replace(run, scoreboard=file.read_text(encoding="utf-8", errors="replace"))

    def _scoreboard_written(self, worktree: Worktree) -> int | None:
        """When the scoreboard was last written, in nanoseconds; None where there is none."""
        name = self._suites.scoreboard or ""
        file = worktree.path / name
        is_there = name and not leads_out(worktree.path, name) and file.is_file()
        return file.stat().st_mtime_ns if is_there else None

    def judge(self, execution: Execution, baseline: Execution | None) -> Judgement:
        """What the predicate says of a finished test; `UsageError` where the predicate itself is at fault."""
        if execution.judgement is not None:
            return execution.judgement
        name = self._predicate.name
        try:
            judgement = self._predicate.judge(execution.run, baseline.run if baseline else None)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(
                f"the predicate {name} failed on a finished test ({type(error).__name__}: {error}); mend it"
            ) from error
        if not isinstance(judgement, Good | Bad | Untestable | Measured):
            raise UsageError(f"the predicate {name} returned {judgement!r}, which is no judgement; mend it")
        return judgement

    def stands_clear(self, endpoints: Endpoints | None) -> bool:
        """Whether good and bad lie so far apart that an earlier run of the reference may do."""
        return standing_bar(self._predicate, endpoints) is not None

    def is_clearly_good(self, judgement: Judgement, endpoints: Endpoints | None) -> TypeGuard[Measured]:
        """Whether a ratio to an earlier run of the reference leaves no doubt that the commit is good."""
        enough = standing_bar(self._predicate, endpoints)
        return isinstance(judgement, Measured) and enough is not None and judgement.value <= math.sqrt(enough)

    def judge_against(
        self, execution: Execution, baseline: Execution, endpoints: Endpoints
    ) -> Judgement | None:
        """`judge` for a run that may have been ended by an earlier reference; None where it was too early."""
        early = execution.judgement
        if not isinstance(early, Bad) or early.at_least is None:
            return self.judge(execution, baseline)
        least = least_of(self._predicate, endpoints, execution.run, baseline.run)
        enough = bar(self._predicate, endpoints)
        if least is None or enough is None or least * SPREAD < enough:
            return None
        return ended_at(execution.run, least)

    def doubt(self, judgement: Judgement, execution: Execution, baseline: Execution | None) -> str | None:
        """Why the judgement is not to be believed, because it hangs on wall time and a run was not fair."""
        runs = [execution.run, *([baseline.run] if baseline else [])]
        return doubt(self._predicate, judgement, runs)

    def log_path(self, commit: str, name: str) -> Path:
        """Where the output of a build or test goes."""
        return self._logs / f"{commit[:12]}-{name}.log"

    def _lay_out(self, worktree: Worktree, commit: str, *, clean: bool, to_restore: bool = False) -> None:
        whole = clean or commit in self._identity.ends.values()
        keeps = () if clean else self.hunt.test.keeps
        worktree.checkout(commit, clean=clean, only=() if whole else self._only, keeps=keeps)
        if worktree.is_scratch:
            if clean:
                forget_aside(worktree)
            elif to_restore:
                put_aside(worktree, keeps)
            else:
                bring_back(worktree, keeps)
        lay_over(
            self.hunt.overlay,
            worktree.path,
            self._repository,
            lambda revision: self._ends.get(revision) or self._repository.resolve(revision),
        )

    def _run_build(self, worktree: Worktree, commit: str, *, clean: bool) -> tuple[str, BuildKind]:
        """Why the build fails, if it does, and how it was made; in a used slot, again from clean."""
        build = self.hunt.build
        if build is None:
            return "", BuildKind.NONE
        failure = self._build_once(build, worktree, commit, Step.BUILDING_CLEAN if clean else Step.BUILDING)
        if failure and not clean:
            clean = True
            self._lay_out(worktree, commit, clean=True)
            failure = self._build_once(build, worktree, commit, Step.BUILDING_CLEAN)
        return failure, BuildKind.CLEAN if clean else BuildKind.INCREMENTAL

    def _build_once(self, build: Build, worktree: Worktree, commit: str, step: Step) -> str:
        self._on_step(commit, step, "")
        folder = worktree.path / build.folder
        if leads_out(worktree.path, build.folder) or not folder.is_dir():
            return f"the folder {build.folder} of the build is not there, or leads out of the repository"
        environment = self._environment
        if not self._sandbox:
            environment = with_caches(environment, build, worktree.path, self._store.root / "compilers")
        command = self._command(worktree, build.command, build.folder, commit, environment)
        run = execute(
            command,
            Limits(build.timeout),
            log=self.log_path(commit, "build"),
            cpus=self.scheduling.builds,
            nice=self.scheduling.nice,
            stop=self.scheduling.stop,
        ).run
        if run.ending is not Ending.EXITED and self.scheduling.nice >= LAST:
            # Behind all others a build may well not end in time, which says nothing of the commit.
            raise GivenUp
        if self._sandbox:
            require_entered(run)
        require_sound(worktree, self._environment, failed=run.exit_code != 0)
        if run.ending is Ending.EXITED and run.exit_code == 0:
            missing = [output for output in build.outputs if not os.path.lexists(worktree.path / output)]
            outside = [output for output in build.outputs if not is_inside(worktree.path, output)]
            if outside:
                return (
                    f"the output {outside[0]} leads out of the repository, by a symbolic link of the commit"
                )
            return f"the build succeeds but does not make {missing[0]}" if missing else ""
        if run.exit_code == 127:
            require_tool(build.command, command.environment, run.output)
        return why_build_failed(run, build.timeout)

    def _command(
        self,
        worktree: Worktree,
        line: str | tuple[str, ...],
        folder: str,
        commit: str,
        environment: Mapping[str, str],
    ) -> Command:
        """The command as it runs in the slot: dune kept to it, and shut in where the hunt asks for that."""
        within, environment = worktree.path / folder, {**environment, "BISECTOR_COMMIT": commit}
        command = Command(line, within, environment_for(worktree.path, within, environment))
        return (
            self._sandbox.confine(command, worktree.path, worktree.private.reads)
            if self._sandbox
            else command
        )
