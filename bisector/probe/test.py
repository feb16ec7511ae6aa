"""Runs the test once for the commit in a slot."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bisector.history.worktree import Worktree
from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.suites import Suites
from bisector.predicate import Ending, Good, Run, Tool, Untestable
from bisector.probe import command_words, selection
from bisector.probe.execution import Execution, Limits, execute
from bisector.probe.inside import leads_out
from bisector.probe.launch import SHELL
from bisector.probe.setup import Setup
from bisector.probe.step import Step
from bisector.probe.supervision import Watch
from bisector.probe.temporary import tool_folder
from bisector.probe.written_files import TooLarge, WrittenFiles

_NOT_RUN = {126: "cannot be executed", 127: "was not found"}
_LARGEST_SCOREBOARD = 256 * 1024


class Tests:
    """Runs the tests of one hunt; keeps lines of output that match `patterns` or report suites.

    `files` are paths or globs of files that a test writes, relative to its folder (`Run.files`). Under a
    `tool`, the time limit of a test is `Tool.slower` times as long. Raises `InfrastructureFault` for failures
    that are not the commit's fault.

    A test that printed a line that matches has run, whatever its exit code. `lines_prove_it_ran` is false if
    the patterns match so much that a shell may print such a line.
    """

    def __init__(
        self,
        setup: Setup,
        patterns: Sequence[str],
        files: Sequence[str] = (),
        tool: Tool | None = None,
        *,
        lines_prove_it_ran: bool = True,
    ) -> None:
        self.setup = setup
        self._lines_prove_it_ran = lines_prove_it_ran
        self._files = tuple(files)
        self._tool = tool
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
        *,
        targets: Sequence[str] | None = None,
    ) -> Execution:
        """Run the test of `commit`, which is built in the slot; `watch` may stop it early.

        `log` names its log file, `step` is reported to `on_step`, and `targets` are those that a hunt with
        `targets` asks for (None: all of them). A test that cannot run makes the commit untestable.
        """
        self.setup.on_step(commit, step, "")
        test = self._test
        worktree.require_whole()
        if leads_out(worktree.path, test.folder) or not (worktree.path / test.folder).is_dir():
            run = Run(0.0, 0.0, 0.0, ending=Ending.EXITED, exit_code=127)
            why = f"the test's folder {test.folder} does not exist or leads out of the repository"
            return Execution(run, Untestable(why))
        since = self._scoreboard_written(worktree)
        written = WrittenFiles(worktree.path, test.folder, self._files)
        script = command_words.script(test.command)
        missing = script if script and not (worktree.path / test.folder / script).exists() else ""
        execution = self._executed(worktree, commit, log, watch, self._asked(targets))
        execution = replace(execution, run=self._with_scoreboard(execution.run, worktree, since))
        try:
            execution = replace(execution, run=replace(execution.run, files=written.read()))
        except TooLarge as error:
            return replace(execution, judgement=execution.judgement or Untestable(str(error)))
        return self._able(execution, missing)

    def _able(self, execution: Execution, missing: str) -> Execution:
        """The execution; untestable if the test could not run, perhaps for its `missing` script."""
        code = execution.run.exit_code
        printed = self._lines_prove_it_ran and any(execution.run.matches.values())
        if code in (0, None) or printed or execution.run.files:
            return execution
        if missing:
            why = f"the test's script {missing} does not exist (exit {code})"
            return Execution(execution.run, Untestable(why))
        if code in _NOT_RUN:
            return Execution(execution.run, Untestable(f"the test {_NOT_RUN[code]} (exit {code})"))
        return execution

    def _asked(self, targets: Sequence[str] | None) -> Sequence[str] | None:
        """The names that the test is told; None for a hunt without `targets`, () for the whole test."""
        named = self.setup.hunt.targets
        if not named:
            return None
        return targets if targets is not None else () if named == (AUTO,) else named

    def _executed(
        self, worktree: Worktree, commit: str, log: str, watch: Watch | None, names: Sequence[str] | None
    ) -> Execution:
        setup, test, tool = self.setup, self._test, self._tool
        with setup.temporary() as environment, contextlib.ExitStack() as stack:
            folder = stack.enter_context(tool_folder()) if tool else None
            variables, beside = stack.enter_context(selection.told(names))
            command = test.command if names is None else selection.with_names(test.command, names)
            line = self._under(tool, folder, command) if tool and folder else command
            writable = (folder, *beside) if folder else beside
            environment = {**environment, **variables}
            execution = execute(
                setup.command(worktree, commit, line, test.folder, environment, writable),
                Limits(test.timeout * (tool.slower if tool else 1.0), test.memory, test.output),
                patterns=self._patterns,
                watch=watch,
                log=setup.log_path(commit, log),
                cpus=setup.scheduling.tests,
                stop=setup.scheduling.stop,
            )
            well = execution.run.exit_code == 0 or isinstance(execution.judgement, Good)
            setup.require_sound(worktree, execution.run, failed=not well)
            if tool and folder:
                counted = replace(execution.run, counts=tool.read(folder))
                execution = replace(execution, run=counted)
            return execution

    def _under(self, tool: Tool, folder: Path, command: str | tuple[str, ...]) -> tuple[str, ...]:
        return tuple(tool.around((SHELL, "-c", command) if isinstance(command, str) else command, folder))

    def _with_scoreboard(self, run: Run, worktree: Worktree, since: int | None) -> Run:
        """The run with the scoreboard that it wrote; one not written since `since` is from an earlier run."""
        if self._suites.scoreboard is None or self._scoreboard_written(worktree) in (None, since):
            return run
        file = worktree.path / self._suites.scoreboard
        if file.stat().st_size > _LARGEST_SCOREBOARD:
            return run
        return replace(run, scoreboard=file.read_text(encoding="utf-8", errors="replace"))

    def _scoreboard_written(self, worktree: Worktree) -> int | None:
        """When the scoreboard was last written, in nanoseconds; None if there is none."""
        name = self._suites.scoreboard or ""
        file = worktree.path / name
        is_there = name and not leads_out(worktree.path, name) and file.is_file()
        return file.stat().st_mtime_ns if is_there else None
