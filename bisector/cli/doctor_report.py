"""`bisector doctor --report`: what a bug report needs to know about this machine, and not its user."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from bisector import __version__
from bisector.errors import HistoryError
from bisector.history.repository import Repository
from bisector.phases.result import Block, Paragraph, Table, markdown_of
from bisector.probe.ability import Ability
from bisector.probe.hierarchies import Hierarchies, detect

_LIBRARIES = (
    *("GitPython", "numpy", "psutil", "pydantic", "PyYAML", "regex", "rich", "typer"),
    *("distributed", "mcp"),
)
"""Those whose version has explained a bug; the last two are of extras."""


def report(found: Sequence[Ability], scratch: Path) -> str:
    """Versions, system, control groups and abilities as Markdown.

    Without variables, names of the user, the machine and the repository, and folders of the user.
    """
    facts = Table(
        ("", ""),
        (
            ("bisector", f"{__version__}, {platform.python_implementation()} {platform.python_version()}"),
            ("system", f"{_system()}, {platform.system()} {platform.release()} {platform.machine()}"),
            ("place", ", ".join(_place())),
            ("control groups", _groups(detect())),
            ("repository", _repository()),
            ("libraries", ", ".join(_versions())),
        ),
    )
    rows = tuple((one.name, one.state.value, one.found, one.means) for one in found)
    blocks: tuple[Block, ...] = (
        Paragraph("bisector doctor --report", strong=True),
        facts,
        Table(("", "there", "found", "for a hunt"), rows),
    )
    return _anonymous(markdown_of(blocks), scratch)


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown system")
    except OSError:
        return platform.platform(terse=True)


def _place() -> list[str]:
    """Where this runs, as far as that changes what a hunt can do."""
    place = ["root" if os.geteuid() == 0 else "ordinary user"]
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        place.append("container")
    if "microsoft" in platform.release().lower():
        place.append("WSL")
    if os.environ.get("CI"):
        place.append("CI")
    if Path("/run/systemd/system").is_dir():
        place.append("systemd")
    return place


def _groups(found: Hierarchies) -> str:
    parts = []
    if found.unified:
        parts.append(f"v2 {'with' if found.unified_memory else 'without'} the memory controller")
    parts += [f"v1 {name}" for name in ("memory", "cpuacct") if getattr(found, name)]
    return ", ".join(parts) or "none that this user can write to"


def _repository() -> str:
    """What kind of checkout the current folder is, without its name."""
    try:
        repository = Repository(Path())
    except HistoryError:
        return "none here"
    kinds = ["shallow"] if repository.is_shallow else []
    kinds += ["bare"] if repository.work_tree is None else []
    return ", ".join(kinds) or "a whole clone"


def _versions() -> list[str]:
    versions = []
    for name in _LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _anonymous(text: str, scratch: Path) -> str:
    """`text` without names that tell who and where the user is."""
    names = {scratch: "the scratch folder", Path.cwd(): "the current folder", Path.home(): "~"}
    for folder, word in names.items():
        if folder != Path("/"):
            text = text.replace(str(folder), word)
    for name in {getpass.getuser(), platform.node()} - {"root", ""}:
        text = re.sub(rf"\b{re.escape(name)}\b", "***", text)
    return text
