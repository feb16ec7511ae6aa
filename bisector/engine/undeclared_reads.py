"""Which undeclared files of a build its test reads, as strace sees it.

Equal judgements at both endpoints do not show that the outputs are enough: between the endpoints the test may
use such a file in another way. A test that *reads* one is judged by other files after a restore than after a
build. That is no fault of the hunt file, as a cache may be read without changing any result. So nothing
stops: builds of such a hunt are repeated instead of restored, which costs time, never a verdict.

Files that the test makes itself do not count, nor those that it makes again with the same bytes when only the
outputs are there, such as compiled Python modules. Listing folders does not count either: most test runners
list all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.engine.traced_test import traced_test
from bisector.probe.contents import file_digest
from bisector.probe.probe import Prober
from bisector.probe.strace import Trace


def digests_of(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """Digests of those of the `paths` in `folder` that are regular files and readable."""
    found: dict[str, str] = {}
    for path in paths:
        file = folder / path
        if file.is_file() and not file.is_symlink() and os.access(file, os.R_OK):
            found[path] = file_digest(file)
    return found


def undeclared_reads(
    prober: Prober,
    standing: Standing,
    slot: Slot,
    commit: str,
    beside: Sequence[str],
    remade: Mapping[str, str],
) -> list[str]:
    """Those of the files `beside` that the test of `commit` reads, sorted; empty if it cannot be traced.

    `remade` are the files that the test makes itself when they are missing, with their digests.
    """
    spared: set[str] = set()

    def compare() -> None:
        now = digests_of(slot.worktree.path, list(remade))
        spared.update(path for path, digest in remade.items() if now.get(path) == digest)

    trace = traced_test(prober, standing, slot, commit, compare)
    return sorted(_read(trace, slot.worktree.path, beside) - spared) if trace else []


def _read(trace: Trace, root: Path, beside: Sequence[str]) -> set[str]:
    """The paths in `beside`, relative to `root`, that were read, also through links."""
    tops = {str(root), str(root.resolve())}
    known = {os.path.normpath(f"{top}/{path}"): path for top in tops for path in beside}
    # A link of the build stands for what lies behind it.
    places = (str(place) for path in trace.read for place in (Path(path), *Path(path).parents))
    return {known[place] for place in places if place in known}
