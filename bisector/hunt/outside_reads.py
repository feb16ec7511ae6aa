"""Whether the test reads files outside of its slot that were written while the hunt ran.

Good and bad may then look alike only because they share such a file, as a database in `/var/tmp` or a program
that the build installs. Nothing in the readings shows it: whoever writes first decides for all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.probe.reading import Reading

_NAMED = 3
_OF_THE_KERNEL = ("/proc", "/sys", "/dev")
_SHARED_MEMORY = "/dev/shm"
_OWN = "bisector-"
"""Temporary folders of bisector's own begin with this."""


def written_and_read(
    ground: Ground, key: str, plan: Plan, premise: Sequence[Reading], listener: Listener
) -> str | None:
    """The sentence for endpoints that may share a file; None if none is seen, or if nothing can be traced.

    The home folder does not count: `hidden_by_home` tests with an empty one.
    """
    if not premise:
        return None
    first = premise[0]
    took = first.build_seconds + sum(run.wall for run in (first.run, first.reference) if run)
    since = first.at.timestamp() - took - 1
    ends = {"good": plan.good[0], "bad": plan.bad}
    with reader_for(ground, key, ends, 0, listener) as reader:
        for commit in dict.fromkeys(ends.values()):
            trace = reader.trace(commit)
            read = sorted(_written(trace.read, since, _apart(ground))) if trace else []
            if read:
                named = ", ".join(map(str, read[:_NAMED])) + (", ..." if len(read) > _NAMED else "")
                return (
                    f"the test reads {named}, which was written outside the slots while the hunt ran, so "
                    "good and bad may share it; make build and test write only inside the repository"
                )
    return None


def _apart(ground: Ground) -> list[Path]:
    """Folders whose files do not count."""
    home, caches = (ground.seen.get(name, "") for name in ("HOME", "XDG_CACHE_HOME"))
    places = [ground.scratch.root, ground.repository.git_folder, *(Path(p) for p in (home, caches) if p)]
    return [Path(os.path.realpath(place)) for place in places]


def _written(paths: set[str], since: float, apart: Sequence[Path]) -> Iterator[Path]:
    for text in paths:
        path = Path(text)
        is_kernels = text.startswith(_OF_THE_KERNEL) and not text.startswith(_SHARED_MEMORY)
        if is_kernels or any(part.startswith(_OWN) or part == "__pycache__" for part in path.parts):
            continue
        if any(Path(os.path.realpath(path)).is_relative_to(place) for place in apart):
            continue
        try:
            facts = path.stat()
        except OSError:
            continue
        if path.is_file() and facts.st_size and facts.st_ctime >= since:
            yield path
