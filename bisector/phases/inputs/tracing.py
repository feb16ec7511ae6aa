"""Runs one build and one test of a commit under strace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bisector.engine.slots import Slots
from bisector.errors import EnvironmentFault, HistoryError
from bisector.history.inputs import covered, tracked_files
from bisector.history.worktree import Worktree
from bisector.hunt.events import Listener, StepBegan
from bisector.hunt.ground import Ground
from bisector.hunt_file import Copy, Hunt, Place
from bisector.hunt_file.setup import keeps_of
from bisector.phases.inputs.seen import Seen, seen_in
from bisector.predicate import Ending, Run, Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.judge import Judge
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.probe import Prober
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.step import Step
from bisector.probe.strace import Trace
from bisector.probe.test import Tests
from bisector.probe.under_strace import SLOWER, UnderStrace, strace_in
from bisector.watchdog.quiet_wall import ends_for, whole_ground

_ENDED = {
    Ending.TIMEOUT: "did not finish in time",
    Ending.MEMORY_LIMIT: "hit the memory limit",
    Ending.OUTPUT_LIMIT: "hit the output limit",
    Ending.SIGNALLED: "was killed by a signal",
}


@dataclass(frozen=True)
class Traced:
    """The trace of a commit. `made` are the untracked files in the slot that its build made."""

    commit: str
    tracked: frozenset[str]
    made: frozenset[str]
    laid_over: tuple[str, ...]
    """Paths that the hunt's overlay replaces."""
    build: Seen | None
    test: Seen
    trouble: str = ""
    """Why the test may have read less than usual."""


@dataclass(frozen=True)
class Made:
    """The untracked `files` that a build leaves in its slot, beside the `tracked` ones."""

    files: frozenset[str]
    tracked: frozenset[str]


def traced(ground: Ground, commit: str, listener: Listener, longest: float = math.inf) -> Traced:
    """Build and test `commit` (a full id) from clean in a fresh slot, under strace.

    Build and test get the hunt's time limits times `SLOWER`, each at most `longest` seconds. Raises
    `EnvironmentFault` if strace is missing or not permitted, `HistoryError` if the commit does not build or
    its test cannot run.
    """
    strace = strace_in(ground.seen)
    if strace is None:
        raise EnvironmentFault(
            "tracing needs `strace`, which is not on PATH; install the package `strace` "
            "(apt, dnf, pacman and apk have it)"
        )
    with _tracing(ground, commit, strace, listener, longest) as tracing:
        return tracing.run()


def made_by_build(ground: Ground, commit: str, listener: Listener) -> Made | None:
    """What a clean build of `commit` (a full id) in a fresh slot makes, without strace.

    None if it does not build.
    """
    with _tracing(ground, commit, None, listener) as tracing:
        return tracing.made()


@contextmanager
def _tracing(
    ground: Ground, commit: str, strace: str | None, listener: Listener, longest: float = math.inf
) -> Iterator[_Tracing]:
    key = f"inputs-{commit}"
    with ground.scratch.held(key):
        clean_leftovers()
        with Slots(ground.scratch.slots, ground.repository) as slots:
            worktree = slots.take(commit).worktree
            logs = ground.scratch.logs_made(key)
            yield _Tracing(ground, commit, worktree, logs, strace, listener, longest)


class _Tracing:
    def __init__(
        self,
        ground: Ground,
        commit: str,
        worktree: Worktree,
        logs: Path,
        strace: str | None,
        listener: Listener,
        longest: float,
    ) -> None:
        self.longest = longest
        self.ground = ground
        self.commit = commit
        self.worktree = worktree
        self.logs = logs
        sandboxed = bool(ground.hunt.sandbox)
        self.strace = UnderStrace(strace, worktree, logs, sandboxed=sandboxed) if strace else None
        self.environment = ground.seen
        self.listener = listener
        self.tracked = tracked_files(ground.repository, commit)

    def run(self) -> Traced:
        build = self._build()
        made = self._made() if self.ground.hunt.build else frozenset()
        probe = self._prober()
        execution = probe.tests.run(self.worktree, self.commit, "inputs-test", probe.judge.watch())
        if isinstance(execution.judgement, Untestable):
            raise HistoryError(
                f"cannot test {self.commit[:12]}: {execution.judgement.why}; name another with --commit"
            )
        test = self._seen(self.ground.hunt.test.folder, made, execution.run.output)
        return Traced(
            self.commit,
            self.tracked,
            made,
            _laid_over(self.ground.hunt),
            build,
            test,
            _trouble(execution.run),
        )

    def made(self) -> Made | None:
        built = self._prober().builds.build(self.worktree, self.commit, clean=True)
        return None if isinstance(built, Untestable) else Made(self._made(), self.tracked)

    def _build(self) -> Seen | None:
        built = self._prober().builds.build(self.worktree, self.commit, clean=True)
        if isinstance(built, Untestable):
            if "strace: " in built.why:
                raise _cannot_trace(built.why)
            raise HistoryError(
                f"cannot build {self.commit[:12]}, so there is nothing to trace: {built.why}; "
                "name a commit that builds with --commit"
            )
        build = self.ground.hunt.build
        return self._seen(build.folder, frozenset(), "") if build else None

    def _prober(self) -> Prober:
        ground, hunt = self.ground, self._under_strace(self.ground.hunt)
        setup = Setup(hunt, self.environment, self.logs, self._on_step, Scheduling(tests=cpus_of(hunt)))
        identity = replace(ground.identity(ends_for(ground, self.commit)), hunt=hunt)
        builds = Builds(setup, identity, ArtefactStore(ground.scratch.store))
        judge = Judge(whole_ground(ground).predicate, full_run=True)
        # Not under the predicate's tool: one tracer cannot run under another.
        return Prober(builds, Tests(setup, judge.predicate.patterns), judge)

    def _under_strace(self, hunt: Hunt) -> Hunt:
        """The hunt with traced commands, and without outputs so that the store keeps nothing."""
        test = hunt.test.model_copy(update=self._around(hunt.test.command, hunt.test.timeout))
        update: dict[str, object] = {"test": test}
        if hunt.build:
            build = self._around(hunt.build.command, hunt.build.timeout)
            update["build"] = hunt.build.model_copy(update={**build, "outputs": ()})
        return hunt.model_copy(update=update)

    def _around(self, command: str | tuple[str, ...], timeout: float) -> dict[str, object]:
        words = self.strace.words(command) if self.strace else command
        return {"command": words, "timeout": min(timeout * SLOWER, self.longest)}

    def _seen(self, folder: str, made: frozenset[str], output: str) -> Seen:
        """Parse and delete the trace of the command that just ran in `folder`."""
        trace = self.strace.trace(folder) if self.strace else Trace()
        if not trace.calls:
            raise _cannot_trace((output.strip().splitlines() or ["it printed nothing"])[-1])
        return seen_in(self.worktree.path, self.tracked | made, trace)

    def _made(self) -> frozenset[str]:
        """The untracked files that are neither of the overlay nor of the setup."""
        out = self.ground.repository.git("ls-files", "--others", "-z", folder=self.worktree.path)
        paths = out.decode("utf-8", "surrogateescape").split("\0")
        others = (*_laid_over(self.ground.hunt), *keeps_of(self.ground.hunt.setup))
        return frozenset(path for path in paths if path and not covered(path, others))

    def _on_step(self, commit: str, step: Step, detail: str) -> None:
        self.listener(StepBegan(commit, step, detail))


def _cannot_trace(why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"strace recorded nothing ({why[:160]}); it must be 5.3 or newer, and this machine must allow "
        "tracing (in a container: the capability SYS_PTRACE)"
    )


def _laid_over(hunt: Hunt) -> tuple[str, ...]:
    return tuple(
        change.target if isinstance(change, Copy) else change.to
        for change in hunt.overlay
        if isinstance(change, Copy | Place) and change.is_everywhere
    )


def _trouble(run: Run) -> str:
    if run.ending is not Ending.EXITED:
        return f"the test {_ENDED.get(run.ending or Ending.SIGNALLED, 'did not end by itself')}"
    return f"the test exited with {run.exit_code}" if run.exit_code else ""
