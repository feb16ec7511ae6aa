"""Commands of historical code, shut in by bubblewrap: no network, nothing to write to but the slot.

Inside, everything is read-only but the slot and a `/tmp` of its own, which lies on the slot's disk (a tmpfs
would be counted as memory of the test) and is gone when the slot is. There are a `/proc` of the sandbox's
own processes, a minimal `/dev`, and an empty `/run`, where daemons of the machine keep sockets that a
read-only mount does not close. No capability is left, root's neither. The repository stays readable.

A process that a signal kills is seen as exit code 128 + signal, as a shell would say it.
https://github.com/containers/bubblewrap
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.history.worktree import OWN_FOLDER
from bisector.predicate import Run
from bisector.probe.dune_root import scripts_of
from bisector.probe.launch import SHELL, Command

PROGRAM = "bwrap"

_CLOSED = (
    *("--die-with-parent", "--unshare-net", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL"),
    *("--ro-bind", "/", "/"),
    *("--tmpfs", "/run", "--ro-bind-try", "/run/current-system", "/run/current-system"),
    # Root without capabilities may still write kernel settings, and bubblewrap covers only some of them.
    *("--dev", "/dev", "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"),
)
_INSIDE = {"TMPDIR": "/tmp", "XDG_CACHE_HOME": "/tmp/.cache"}
_MEANINGLESS_INSIDE = frozenset({"XDG_RUNTIME_DIR", "DUNE_CACHE_ROOT"})


class Sandbox:
    """Bubblewrap on this machine.

    `path` is where the program is looked for, by default as a shell would. Raises EnvironmentFault where
    bubblewrap is missing or may not make namespaces.
    """

    def __init__(self, path: str | None = None) -> None:
        program = shutil.which(PROGRAM, path=path)
        if program is None:
            raise EnvironmentFault(
                "`sandbox: bwrap` needs bubblewrap, which is not installed; install the package `bubblewrap` "
                "(apt, dnf, pacman and apk have it), or remove `sandbox`"
            )
        self._program = program
        trial = subprocess.run(
            [program, *_CLOSED, "--", "/bin/true"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if trial.returncode:
            raise EnvironmentFault(
                f"bubblewrap cannot shut anything in here ({trial.stderr.strip()}); allow user namespaces "
                "(sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns), "
                "run as root, or remove `sandbox`"
            )

    def confine(self, command: Command, slot: Path, readable: Sequence[Path]) -> Command:
        """The same command shut in, with `slot` and what lies beside it to write to, and an empty /tmp.

        `readable` are folders that must be seen even below /tmp or /run. Raises InfrastructureFault where
        that /tmp cannot be made.
        """
        slot, folder = slot.resolve(), str(command.folder.resolve())
        private, home = _emptied(private_tmp_of(slot)), str(slot.parent)
        # The next checkout here, which is not shut in, goes by our own git folder, and dune by its script.
        closed = [*readable, slot.parent / OWN_FOLDER, scripts_of(slot)]
        words = (
            *(self._program, *_CLOSED, "--bind", str(private), "/tmp", "--bind", home, home),
            *(part for path in closed for part in ("--ro-bind-try", str(path), str(path))),
            *("--chdir", folder, "--", SHELL, "-c"),
            *((command.line,) if isinstance(command.line, str) else ('exec "$@"', SHELL, *command.line)),
        )
        return Command(words, command.folder, _environment(command.environment))


def require_entered(run: Run) -> None:
    """Raise InfrastructureFault where bubblewrap itself failed, so that the command never ran."""
    if run.exit_code == 1 and run.output.startswith(f"{PROGRAM}: "):
        raise InfrastructureFault(f"bubblewrap failed: {run.output.splitlines()[0]}")


def private_tmp_of(slot: Path) -> Path:
    """The folder beside a slot that is /tmp in its sandbox; whoever removes the slot removes it too."""
    return slot.parent / f".{slot.name}-tmp"


def _emptied(folder: Path) -> Path:
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        folder.chmod(0o1777)
    except OSError as error:
        raise InfrastructureFault(f"cannot make the sandbox's /tmp ({error})") from error
    return folder


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _MEANINGLESS_INSIDE}
    return kept | _INSIDE
