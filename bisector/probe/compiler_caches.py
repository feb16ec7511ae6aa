"""Compiler caches in the scratch folder, so that no slot recompiles what another has compiled."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.hunt_file.work import Build

MASQUERADES = ("/usr/lib/ccache", "/usr/lib64/ccache", "/usr/lib/ccache/bin", "/usr/local/opt/ccache/libexec")
"""Folders where distributions install ccache under the names of compilers."""

_DUNE = re.compile(r"(^|[\s;&|(/])dune(\s|$)")
_DUNE_PARTS = ("db/files/v4", "db/meta/v4")


def with_caches(environment: Mapping[str, str], build: Build, slot: Path, folder: Path) -> dict[str, str]:
    """The environment for a build that uses compiler caches below `folder`.

    dune's cache is enabled if the build calls dune and `DUNE_CACHE` is not set (dune's manual, "Caching");
    2.x takes its location from `XDG_CACHE_HOME`, 3.x from `DUNE_CACHE_ROOT`. ccache is enabled if the hunt
    asks for it; raises `EnvironmentFault` if it is not installed.
    """
    made = dict(environment)
    line = build.command if isinstance(build.command, str) else " ".join(build.command)
    if _DUNE.search(line) and "DUNE_CACHE" not in environment:
        for part in _DUNE_PARTS:
            # Two dunes that start at once would race to create these.
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
            # Different slots must share cache entries.
            "CCACHE_BASEDIR": str(slot),
            "CCACHE_NOHASHDIR": "1",
        }
    return made


def _masquerade(environment: Mapping[str, str]) -> str:
    there = [folder for folder in MASQUERADES if Path(folder).is_dir()]
    if not there or not shutil.which("ccache", path=environment.get("PATH")):
        raise EnvironmentFault(
            "build.ccache needs `ccache`, which is not installed; install it or remove the key"
        )
    return there[0]
