"""The compilers' own caches, in the scratch folder: what one slot has compiled, no other compiles again."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.hunt_file.model import Build

MASQUERADES = ("/usr/lib/ccache", "/usr/lib64/ccache", "/usr/lib/ccache/bin", "/usr/local/opt/ccache/libexec")
"""Folders in which distributions put ccache under the names of compilers."""

_DUNE = re.compile(r"(^|[\s;&|(/])dune(\s|$)")
_DUNE_PARTS = ("db/files/v4", "db/meta/v4")


def with_caches(environment: Mapping[str, str], build: Build, slot: Path, folder: Path) -> dict[str, str]:
    """The environment of a build that is to be sped up by caches below `folder`.

    dune's own is used where the build calls dune, unless `DUNE_CACHE` says otherwise
    (dune's manual, "Caching");
    2.x takes the place from `XDG_CACHE_HOME`, 3.x from `DUNE_CACHE_ROOT`. ccache is used where the hunt asks;
    `EnvironmentFault` where it is not installed.
    """
    made = dict(environment)
    line = build.command if isinstance(build.command, str) else " ".join(build.command)
    if _DUNE.search(line) and "DUNE_CACHE" not in environment:
        for part in _DUNE_PARTS:
            # Of two dunes that begin at once, one would fail to make what the other has just made.
            with contextlib.suppress(OSError):
                (folder / "dune" / part).mkdir(parents=True, exist_ok=True)
        made |= {
            "DUNE_CACHE": "enabled",
            "DUNE_CACHE_TRANSPORT": "direct",
            "DUNE_CACHE_ROOT": str(folder / "dune"),
            "XDG_CACHE_HOME": str(folder),
        }
    if build.ccache:
        made |= {
            "PATH": f"{_masquerade(environment)}{os.pathsep}{environment.get('PATH', '')}",
            "CCACHE_DIR": str(folder / "ccache"),
            # Slots lie in different folders, which are no difference.
            "CCACHE_BASEDIR": str(slot),
            "CCACHE_NOHASHDIR": "1",
        }
    return made


def _masquerade(environment: Mapping[str, str]) -> str:
    there = [folder for folder in MASQUERADES if Path(folder).is_dir()]
    if not there or not shutil.which("ccache", path=environment.get("PATH")):
        raise EnvironmentFault(
            "build.ccache needs `ccache`, which is not here; install it, or remove the key"
        )
    return there[0]
