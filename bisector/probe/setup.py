"""How the commands of a hunt run: environment, CPUs, sandbox and logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from bisector.history.worktree import Worktree
from bisector.hunt_file.model import Hunt
from bisector.predicate import Run
from bisector.probe.dune_root import environment_for
from bisector.probe.execution import Command
from bisector.probe.sandbox import Sandbox, require_entered
from bisector.probe.scheduling import Scheduling
from bisector.probe.soundness import require_sound
from bisector.probe.step import OnStep
from bisector.probe.temporary import temporary_folder


@dataclass
class Setup:
    """The setup that builds and tests of `hunt` share.

    `environment` is theirs, `logs` the folder for their output; `on_step` is called when a step begins.
    Raises `EnvironmentFault` if the hunt needs a sandbox and this machine has none.
    """

    hunt: Hunt
    environment: Mapping[str, str]
    logs: Path
    on_step: OnStep
    scheduling: Scheduling
    sandbox: Sandbox | None = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox() if self.hunt.sandbox else None

    @property
    def makes_nothing(self) -> bool:
        """Whether a commit is tested as it is checked out, without a setup and a build."""
        return self.hunt.build is None and not self.hunt.setup

    def log_path(self, commit: str, name: str) -> Path:
        """The log file of a build or test."""
        return self.logs / f"{commit[:12]}-{name}.log"

    def temporary(self) -> AbstractContextManager[Mapping[str, str]]:
        """The environment of one run, with a private TMPDIR unless the sandbox or the user sets one."""
        if self.sandbox or "TMPDIR" in self.hunt.environment.set:
            return nullcontext(self.environment)
        return temporary_folder(self.environment)

    def command(
        self,
        worktree: Worktree,
        commit: str,
        line: str | tuple[str, ...],
        folder: str,
        environment: Mapping[str, str],
        writable: Sequence[Path] = (),
    ) -> Command:
        """The command `line` in `folder` of the slot, with dune kept in the slot, and sandboxed.

        The command may also write to the folders `writable`.
        """
        within, environment = worktree.path / folder, {**environment, "BISECTOR_COMMIT": commit}
        command = Command(line, within, environment_for(worktree.path, within, environment))
        if self.sandbox is None:
            return command
        shown = self.hunt.sandbox_reads
        return self.sandbox.confine(command, worktree.path, worktree.private.reads, writable, shown)

    def require_sound(self, worktree: Worktree, run: Run, *, failed: bool) -> None:
        """Raise `InfrastructureFault` if a run says nothing about its commit; see `soundness`."""
        if self.sandbox:
            require_entered(run)
        require_sound(worktree, self.environment, failed=failed)
