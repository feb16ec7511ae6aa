"""Runs historical code in a bubblewrap sandbox: no network, and only the slot is writable.

Inside, everything is read-only except the slot and a private `/tmp`. That `/tmp` lies on the slot's disk (a
tmpfs would count as memory of the test) and is deleted with the slot. `/proc` shows only the sandbox's own
processes, `/dev` is minimal, and `/run` is empty because daemons keep sockets there that a read-only mount
does not block. All capabilities are dropped, even for root. The repository stays readable.

A process killed by a signal exits with 128 + signal, as in a shell.
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
    # Root without capabilities can still write kernel settings; bubblewrap protects only some of them.
    *("--dev", "/dev", "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"),
)
_INSIDE = {"TMPDIR": "/tmp", "XDG_CACHE_HOME": "/tmp/.cache"}
_MEANINGLESS_INSIDE = frozenset({"XDG_RUNTIME_DIR", "DUNE_CACHE_ROOT"})


class Sandbox:
    """Bubblewrap on this machine.

    `path` is the search path for the program (default: PATH). Raises EnvironmentFault if bubblewrap is
    missing or may not create namespaces.
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
                f"bubblewrap does not work here ({trial.stderr.strip()}); allow user namespaces "
                "(sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns), "
                "run as root, or remove `sandbox`"
            )

    def confine(
        self,
        command: Command,
        slot: Path,
        readable: Sequence[Path],
        writable: Sequence[Path] = (),
        shown: Sequence[Path] = (),
    ) -> Command:
        """The same command in the sandbox, with a writable `slot` and its folder, and an empty /tmp.

        `readable`, `writable` and `shown` paths stay visible even below /tmp or /run; a slot in one that is
        `shown` stays writable. Raises InfrastructureFault if that /tmp cannot be created.
        """
        slot, folder = slot.resolve(), str(command.folder.resolve())
        private, home = _emptied(private_tmp_of(slot)), str(slot.parent)
        # Read-only: outside the sandbox, the next checkout trusts our git folder, and dune its script.
        closed = [*readable, slot.parent / OWN_FOLDER, scripts_of(slot)]
        words = (
            *(self._program, *_CLOSED, "--bind", str(private), "/tmp"),
            *(part for path in shown for part in ("--ro-bind-try", str(path), str(path))),
            *("--bind", home, home),
            *(part for path in closed for part in ("--ro-bind-try", str(path), str(path))),
            *(part for path in writable for part in ("--bind", str(path), str(path))),
            *("--chdir", folder, "--", SHELL, "-c"),
            *((command.line,) if isinstance(command.line, str) else ('exec "$@"', SHELL, *command.line)),
        )
        return Command(words, command.folder, _environment(command.environment))


def require_entered(run: Run) -> None:
    """Raise InfrastructureFault if bubblewrap itself failed, so that the command never ran."""
    if run.exit_code == 1 and run.output.startswith(f"{PROGRAM}: "):
        raise InfrastructureFault(f"bubblewrap failed: {run.output.splitlines()[0]}")


def private_tmp_of(slot: Path) -> Path:
    """The folder beside a slot that is /tmp in its sandbox; remove it together with the slot."""
    return slot.parent / f".{slot.name}-tmp"


def _emptied(folder: Path) -> Path:
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        folder.chmod(0o1777)
    except OSError as error:
        raise InfrastructureFault(f"cannot create the sandbox's /tmp ({error})") from error
    return folder


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _MEANINGLESS_INSIDE}
    return kept | _INSIDE
