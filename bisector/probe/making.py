"""Runs the commands that make files in a slot: the build, and the setup before it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bisector.history.worktree import Worktree
from bisector.predicate import Ending, Run
from bisector.probe.build_failure import require_tool, why_failed
from bisector.probe.execution import Command, GivenUp, Limits, execute
from bisector.probe.inside import is_inside, leads_out
from bisector.probe.scheduling import LAST
from bisector.probe.setup import Setup


@dataclass(frozen=True, slots=True)
class Making:
    """A command that makes the files and folders `makes` in a slot, within `timeout` seconds.

    `what` is its word in messages.
    """

    what: str
    command: str | tuple[str, ...]
    folder: str
    timeout: float
    makes: Sequence[str]

    def failure(
        self,
        setup: Setup,
        worktree: Worktree,
        commit: str,
        around: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda environment: environment,
    ) -> str:
        """Run the command for `commit`, which is checked out; returns why it fails, '' if it succeeds.

        `around` changes its environment. Raises `GivenUp`, `InfrastructureFault` if the failure says nothing
        about the commit, and `EnvironmentFault` if a program is missing.
        """
        folder = worktree.path / self.folder
        if leads_out(worktree.path, self.folder) or not folder.is_dir():
            return f"the {self.what}'s folder {self.folder} does not exist or leads out of the repository"
        with setup.temporary() as environment:
            if setup.sandbox is None:
                environment = around(environment)
            command = setup.command(worktree, commit, self.command, self.folder, environment)
            run = self._run(setup, command, commit)
        setup.require_sound(worktree, run, failed=run.exit_code != 0)
        if run.ending is Ending.EXITED and run.exit_code == 0:
            return self._missing(worktree)
        if run.exit_code == 127:
            require_tool(self.what, self.command, command.environment, run.output)
        return why_failed(self.what, run, self.timeout)

    def _run(self, setup: Setup, command: Command, commit: str) -> Run:
        scheduling = setup.scheduling
        run = execute(
            command,
            Limits(self.timeout),
            log=setup.log_path(commit, "build"),
            cpus=scheduling.builds,
            nice=scheduling.nice,
            stop=scheduling.stop,
        ).run
        if run.ending is not Ending.EXITED and scheduling.nice >= LAST:
            # At the lowest priority a timeout says nothing about the commit.
            raise GivenUp
        return run

    def _missing(self, worktree: Worktree) -> str:
        """What is wrong with the files of a command that succeeded, '' if nothing."""
        for path in self.makes:
            if not is_inside(worktree.path, path):
                return f"{path} leads out of the repository through a symbolic link of the commit"
        for path in self.makes:
            if not os.path.lexists(worktree.path / path):
                return f"the {self.what} succeeds but does not create {path}"
        return ""
