"""The test of the commit that stands in a slot, run once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from bisector.history.worktree import Worktree
from bisector.hunt_file.suites import Suites
from bisector.predicate import Ending, Good, Run, Untestable
from bisector.probe.execution import Execution, Limits, execute
from bisector.probe.inside import leads_out
from bisector.probe.setup import Setup
from bisector.probe.step import Step
from bisector.probe.supervision import Watch
from bisector.probe.temporary import temporary_folder

_NOT_RUN = {126: "cannot be executed", 127: "is not there"}
_LARGEST_SCOREBOARD = 256 * 1024


class Tests:
    """Runs the tests of one hunt, keeping the lines of output that match `patterns` or tell the suites.

    Raises `InfrastructureFault` for what is not the commit's fault.
    """

    def __init__(self, setup: Setup, patterns: Sequence[str]) -> None:
        self.setup = setup
        self._test = setup.hunt.test
        self._suites = setup.hunt.suites or Suites()
        self._patterns = tuple(dict.fromkeys((*patterns, *self._suites.patterns)))

    def run(
        self,
        worktree: Worktree,
        commit: str,
        log: str,
        watch: Watch | None = None,
        step: Step = Step.TESTING,
    ) -> Execution:
        """Run the test of `commit`, which stands in the slot; `watch` may end it early.

        `log` names its output, `step` is what is told of it. A test that cannot be run is untestable.
        """
        self.setup.on_step(commit, step, "")
        test = self._test
        worktree.require_whole()
        if leads_out(worktree.path, test.folder) or not (worktree.path / test.folder).is_dir():
            run = Run(0.0, 0.0, 0.0, ending=Ending.EXITED, exit_code=127)
            why = f"the folder {test.folder} of the test is not there, or leads out of the repository"
            return Execution(run, Untestable(why))
        since = self._scoreboard_written(worktree)
        execution = self._executed(worktree, commit, log, watch)
        execution = replace(execution, run=self._with_scoreboard(execution.run, worktree, since))
        code = execution.run.exit_code
        if code in _NOT_RUN and not any(execution.run.matches.values()):
            return Execution(execution.run, Untestable(f"the test {_NOT_RUN[code]} (exit {code})"))
        return execution

    def _executed(self, worktree: Worktree, commit: str, log: str, watch: Watch | None) -> Execution:
        setup, test = self.setup, self._test
        with self._temporary() as environment:
            execution = execute(
                setup.command(worktree, commit, test.command, test.folder, environment),
                Limits(test.timeout, test.memory, test.output),
                patterns=self._patterns,
                watch=watch,
                log=setup.log_path(commit, log),
                cpus=setup.scheduling.tests,
                stop=setup.scheduling.stop,
            )
            well = execution.run.exit_code == 0 or isinstance(execution.judgement, Good)
            setup.require_sound(worktree, execution.run, failed=not well)
            return execution

    def _temporary(self) -> AbstractContextManager[Mapping[str, str]]:
        """The environment of one test; a sandbox, or whoever sets TMPDIR, has a place for its files."""
        setup = self.setup
        if setup.sandbox or "TMPDIR" in setup.hunt.environment.set:
            return nullcontext(setup.environment)
        return temporary_folder(setup.environment)

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
