"""Where this process can create control groups (cgroups(7)): version 2, version 1, or both."""

from __future__ import annotations

import contextlib
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bisector.probe.ownership import new_token

PREFIX = "bisector-"


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """Folders where a group can be created and joined; None if not possible."""

    unified: Path | None = None
    """Version 2: measures a group's CPU time and kills it at once."""
    unified_memory: bool = False
    """Whether groups below `unified` have the memory controller."""
    memory: Path | None = None
    """Version 1 memory."""
    cpuacct: Path | None = None
    """Version 1 CPU accounting."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The available folders."""
        return tuple(path for path in (self.unified, self.memory, self.cpuacct) if path)


@functools.cache
def detect() -> Hierarchies:
    """Find the usable hierarchies by creating and joining a group in each."""
    mounts = Path("/proc/self/mountinfo").read_text()
    found = candidates(mounts, Path("/proc/self/cgroup").read_text())
    unified = next((path for path in found.unified if _has_memory(path) and _usable(path)), None)
    unified_memory = unified is not None
    if unified is None:
        unified = next((path for path in found.unified[:1] if _usable(path)), None)
    memory = None if unified_memory else found.memory
    cpuacct = None if unified else found.cpuacct
    return Hierarchies(
        unified,
        unified_memory,
        memory if memory and _usable(memory) else None,
        cpuacct if cpuacct and _usable(cpuacct) else None,
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Folders worth trying; `unified` starts with this process's own group, followed by its ancestors."""

    unified: tuple[Path, ...] = ()
    memory: Path | None = None
    cpuacct: Path | None = None


def candidates(mountinfo: str, own_groups: str) -> Candidates:
    """Read `/proc/self/mountinfo` (proc(5)) and `/proc/self/cgroup` (cgroups(7)).

    New groups go below our own, so that our limits apply to them too. In version 2 a group with processes
    cannot enable controllers for its children, so an ancestor that does may serve instead.
    """
    own = dict(_own_groups(own_groups))
    unified: tuple[Path, ...] = ()
    version_1: dict[str, Path] = {}
    for root, mount, kind, options in _mounts(mountinfo):
        if kind == "cgroup2" and (folder := _below(mount, root, own.get(""))):
            unified = (folder, *(up for up in folder.parents if up.is_relative_to(mount)))
        for controller in ("memory", "cpuacct"):
            if kind == "cgroup" and controller in options:
                folder = _below(mount, root, own.get(controller))
                if folder:
                    version_1[controller] = folder
    return Candidates(unified, version_1.get("memory"), version_1.get("cpuacct"))


def _own_groups(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, path


def _mounts(text: str) -> Iterator[tuple[str, Path, str, list[str]]]:
    """Root within the hierarchy, mount point, file system type and super options of each mount."""
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(), right.split(" ", 2)
        yield fields[3], Path(fields[4]), kind, options.split(",")


def _below(mount: Path, root: str, own: str | None) -> Path | None:
    """Our own group's folder; None if it lies outside the mount (in a cgroup namespace)."""
    if own is None or not Path(own).is_relative_to(root):
        return None
    return mount / Path(own).relative_to(root)


def _has_memory(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return "memory" in (folder / "cgroup.subtree_control").read_text().split()
    return False


def _usable(folder: Path) -> bool:
    """Try it: permissions, namespaces and read-only mounts can fail in too many ways to predict."""
    group = folder / f"{PREFIX}{new_token()}"
    try:
        group.mkdir()
    except OSError:
        return False
    member = subprocess.Popen(["/bin/sh", "-c", "read -r end"], stdin=subprocess.PIPE)
    try:
        (group / "cgroup.procs").write_text(str(member.pid))
        return True
    except OSError:
        return False
    finally:
        member.communicate()
        with contextlib.suppress(OSError):
            group.rmdir()
