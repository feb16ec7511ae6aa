"""A hunt among things that are not in git: which of them, or which of them together, make the difference.

One commit is tested with the old and with the new values. Stand-in commits have them in a file, which builds
and tests read first, so that the search among the changes of a commit works for them as it is.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bisector.errors import HuntFileError
from bisector.history.private import private_in
from bisector.history.stand_ins import Contents, Entry
from bisector.hunt.conclusion import SPENT, FirstBad
from bisector.hunt.descend.line import Stage, in_stages
from bisector.hunt.descend.smallest import Narrowing, Open, Smallest
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Spent, Way
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.hunt_file.axes import Axis, File, Shell, Variable
from bisector.hunt_file.model import Hunt

SCRIPT = ".bisector-axes.sh"
"""The file that builds and tests read first, at the top of each slot."""
_MOST_SETS = 5
"""Sets that each make the difference: no further one is looked for."""


@dataclass(frozen=True)
class OfAxes:
    """A commit with the old values of all axes but those chosen."""

    commit: str
    axes: tuple[Axis, ...]
    files: tuple[tuple[Entry | None, Entry | None], ...]
    """The old and the new file of each axis; None for no file."""

    def __len__(self) -> int:
        return len(self.axes)

    def name(self, at: int) -> str:
        """The axis with both values."""
        return told(self.axes[at])

    def contents(self, chosen: Collection[int]) -> Contents:
        """The commit with the new values of these axes."""
        files: dict[str, Entry | None] = {}
        lines = []
        for at, (axis, sides) in enumerate(zip(self.axes, self.files, strict=True)):
            if isinstance(axis, File):
                files[axis.file] = sides[at in chosen]
            else:
                lines.append(_line(axis, is_new=at in chosen))
        script = "".join(f"{line}\n" for line in lines)
        return Contents(self.commit, files={**files, SCRIPT: Entry("100644", script.encode())})

    def needed_by(self, chosen: Collection[int]) -> set[int]:
        """Only these: nothing tells what an axis needs."""
        return set(chosen)


@dataclass(frozen=True)
class Found:
    """How a hunt among axes ended: that of all of them together, and the sets that make the difference.

    `why` is empty, or says why no more was found.
    """

    record: HuntRecord
    key: str
    commit: str
    new: str
    """The stand-in commit with all new values."""
    axes: tuple[str, ...]
    sets: tuple[tuple[tuple[str, ...], float | None], ...] = ()
    """The axes of each set, and its ratio."""
    why: str = ""

    @property
    def differ(self) -> bool:
        """Whether the old and the new values differ, confirmed."""
        found = self.record.conclusion
        return isinstance(found, FirstBad) and found.confirmed


def hunt_axes(ground: Ground, listener: Listener, *, restart: bool) -> Found:
    """Test the commit `bad` with the old and the new values, and find the smallest sets that matter.

    Raises `HuntFileError` for a file that cannot be read, and what a hunt raises.
    """
    began, hunt = time.monotonic(), ground.hunt
    commit = ground.repository.resolve(hunt.bad)
    parts = OfAxes(commit, hunt.axes, tuple(_files(hunt, at) for at in range(len(hunt.axes))))
    inside = ground.of_hunt(_reading_axes(hunt))
    space = Space(private_in(ground.scratch.repositories, ground.repository))
    every = range(len(parts))
    stages = [
        Stage("old", parts.contents(()), "old values"),
        Stage("new", parts.contents(every), "new values"),
    ]
    line = in_stages(inside, space, commit, stages)
    session = Session(line.ground, line.plan.good, line.plan)
    record = session.run(listener, restart=restart)
    found = Found(record, session.key, commit, line.plan.bad, tuple(axis.name for axis in hunt.axes))
    if not found.differ:
        return found
    way = Way(session, listener, restart, began, record.probes)
    narrowing = Narrowing(way, space, commit, parts, [[(at,)] for at in every])
    sets: list[Smallest] = []
    why = ""
    try:
        for one in _every_smallest(narrowing):
            sets.append(one)
            if len(sets) == _MOST_SETS:
                why = f"there may be more than these {_MOST_SETS} sets"
                break
    except Open as error:
        why = str(error)
    except Spent:
        why = SPENT
    named = tuple(
        (tuple(parts.name(at) for at in one.chosen), one.effect.ratio if one.effect else None) for one in sets
    )
    return replace(found, sets=named, why=why)


def _every_smallest(narrowing: Narrowing) -> Iterator[Smallest]:
    """Every smallest set, also sets that share an axis.

    Each further set lacks an axis of every earlier one, so all axes to leave out are tried in turn, as long
    as the rest makes the difference (hitting-set tree: Reiter, Artificial Intelligence 32, 1987).
    """
    left: list[frozenset[int]] = [frozenset()]
    seen = {left[0]}
    found: set[tuple[int, ...]] = set()
    while left:
        without = left.pop(0)
        if without and not narrowing.also_without(without):
            continue
        smallest = narrowing.smallest(without)
        if smallest.chosen not in found:
            found.add(smallest.chosen)
            yield smallest
        for at in smallest.chosen:
            more = without | {at}
            if more not in seen:
                seen.add(more)
                left.append(more)


def told(axis: Axis) -> str:
    """The axis with both values, in one line."""
    ends = ["none" if end is None else str(end) for end in (axis.old, axis.new)]
    return f"{axis.name}: {ends[0]} -> {ends[1]}"


def _line(axis: Variable | Shell, *, is_new: bool) -> str:
    value = axis.new if is_new else axis.old
    if isinstance(axis, Shell):
        failed = f"echo {shlex.quote(f'the axis {axis.name} fails')} >&2; exit 125"
        return f"{value} || {{ {failed}; }}"
    return f"unset {axis.variable}" if value is None else f"export {axis.variable}={shlex.quote(str(value))}"


def _files(hunt: Hunt, at: int) -> tuple[Entry | None, Entry | None]:
    axis = hunt.axes[at]
    if not isinstance(axis, File):
        return None, None
    return _entry(hunt, at, "old", axis.old), _entry(hunt, at, "new", axis.new)


def _entry(hunt: Hunt, at: int, key: str, path: Path | None) -> Entry | None:
    if path is None:
        return None
    try:
        mode = "100755" if path.stat().st_mode & 0o100 else "100644"
        return Entry(mode, path.read_bytes())
    except OSError as error:
        where = hunt.locate("axes", at, key)
        raise HuntFileError(f"{where}: axes.{key}: cannot read {path} ({error.strerror})") from error


def _reading_axes(hunt: Hunt) -> Hunt:
    """The hunt whose build and test read the script first, and declare it and the files as inputs."""
    brought = [SCRIPT, *(axis.file for axis in hunt.axes if isinstance(axis, File))]
    test = hunt.test.model_copy(
        update={
            "command": _after_script(hunt.test.command, hunt.test.folder),
            "inputs": _with(hunt.test.inputs, brought),
        }
    )
    build = hunt.build and hunt.build.model_copy(
        update={
            "command": _after_script(hunt.build.command, hunt.build.folder),
            "inputs": _with(hunt.build.inputs, brought),
        }
    )
    return hunt.model_copy(update={"test": test, "build": build, "axes": ()})


def _after_script(command: str | tuple[str, ...], folder: str) -> str | tuple[str, ...]:
    up = "../" * len([part for part in PurePosixPath(folder).parts if part != "."])
    read = f". ./{up}{SCRIPT}"
    return f"{read}; {command}" if isinstance(command, str) else ("sh", "-c", f'{read}; "$@"', "sh", *command)


def _with(inputs: Sequence[str] | None, brought: Sequence[str]) -> tuple[str, ...] | None:
    """Declared inputs with what the axes bring; nothing declared is the whole tree already."""
    return (*inputs, *brought) if inputs else None
