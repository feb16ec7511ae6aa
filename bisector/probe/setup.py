"""What the commands of a hunt run with: their environment, CPUs and sandbox, and where their output goes."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass
class Setup:
    """What builds and tests of `hunt` share.

    `environment` is what they see, `logs` the folder for their output; `on_step` is told what they begin.
    Raises `EnvironmentFault` where the hunt asks for a sandbox that this machine lacks.
    """

    hunt: Hunt
    environment: Mapping[str, str]
    logs: Path
    on_step: OnStep
    scheduling: Scheduling
    sandbox: Sandbox | None = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox() if self.hunt.sandbox else None

    def log_path(self, commit: str, name: str) -> Path:
        """Where the output of a build or test goes."""
        return self.logs / f"{commit[:12]}-{name}.log"

    def command(
        self,
        worktree: Worktree,
        commit: str,
        line: str | tuple[str, ...],
        folder: str,
        environment: Mapping[str, str],
    ) -> Command:
        """The command `line` as it runs in `folder` of the slot: with dune kept to it, and in the sandbox."""
        within, environment = worktree.path / folder, {**environment, "BISECTOR_COMMIT": commit}
        command = Command(line, within, environment_for(worktree.path, within, environment))
        if self.sandbox is None:
            return command
        return self.sandbox.confine(command, worktree.path, worktree.private.reads)

    def require_sound(self, worktree: Worktree, run: Run, *, failed: bool) -> None:
        """Raise `InfrastructureFault` where a run tells nothing of its commit; see `soundness`."""
        if self.sandbox:
            require_entered(run)
        require_sound(worktree, self.environment, failed=failed)
