"""Whether the first bad commit fails only because a slot lacks a file or variable that the user has.

By hand, in the user's checkout, that commit would be good and a later one the first bad commit.
"""

from __future__ import annotations

import copy
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bisector.history.object_ids import object_ids
from bisector.hunt.advice import extended
from bisector.hunt.conclusion import Conclusion, FirstBad, Inconclusive
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground
from bisector.hunt.missing import missing_names
from bisector.hunt.newly_named import named_by_change
from bisector.hunt.shell_variables import reported_missing
from bisector.hunt.taking import take
from bisector.hunt_file import Place
from bisector.hunt_file.flow import in_flow
from bisector.predicate import Bad, Good
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_LARGEST = 16 * 1024 * 1024
_MOST = 5


def lacking_or(
    conclusion: Conclusion | None,
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    readings: Sequence[Reading],
    listener: Listener,
) -> Conclusion | None:
    """The conclusion; inconclusive if its first bad commit is good with what only the user's checkout has.

    A file is tried: the commit is read once with the files that only the checkout has and that its output
    reports missing, then with those that the lines it adds name. A variable is not: the user has not said
    that the history may see its value.
    """
    if not isinstance(conclusion, FirstBad) or ground.ratio is not None or ground.hunt.engine.name != "local":
        return conclusion
    commit = conclusion.commit
    lines = _own_lines(commit, readings)
    if names := reported_missing(ground, lines):
        return Inconclusive(_of_variables(ground, commit, names), (commit,), (conclusion.probability,))
    trials = _Trials(ground, key, ends, len(readings), listener)
    reported = _places(ground, commit, missing_names("\n".join(lines)))
    named = [] if ground.hunt.kinds.better else named_by_change(ground.repository, commit)
    new = [place for place in _places(ground, commit, named) if place not in reported]
    for places, why in ((reported, "it reports that missing"), (new, "its change names that")):
        if places and trials.are_the_reason(commit, places, why):
            return Inconclusive(_of_files(ground, commit, places), (commit,), (conclusion.probability,))
    return conclusion


def reported_lacking(ground: Ground, commit: str, output: str) -> str:
    """What to add for files and variables that this output of a test reports missing; '' for none.

    Only those that the user's checkout or shell has, and a slot has not.
    """
    if names := reported_missing(ground, output.splitlines()):
        named = ", ".join(names)
        return f"the test of {commit[:12]} reports that {named} is missing; {_to_pass(ground, names)}"
    if places := _places(ground, commit, missing_names(output)):
        named = ", ".join(place.to for place in places)
        return (
            f"the test of {commit[:12]} reports that {named} is missing, which only your checkout has; "
            f"test every commit with it: {_to_bring(ground, places)}"
        )
    return ""


def _own_lines(commit: str, readings: Sequence[Reading]) -> list[str]:
    """The lines that the commit printed when it was bad, without those of good runs."""

    def printed(kind: type, only: str = "") -> list[str]:
        runs = [r.run for r in readings if isinstance(r.judgement, kind) and only in ("", r.commit)]
        return [line for run in runs if run for line in run.output.splitlines()]

    of_good = set(printed(Good))
    return [line for line in dict.fromkeys(printed(Bad, commit)) if line not in of_good]


def _places(ground: Ground, commit: str, names: Sequence[str]) -> list[Place]:
    """Overlay entries for the files `names` that neither git nor the overlay has, but the user's checkout."""
    top = ground.repository.work_tree
    folders = dict.fromkeys((ground.hunt.test.folder, "."))
    paths = [os.path.normpath(PurePosixPath(folder, name)) for name in names for folder in folders]
    inside = [path for path in dict.fromkeys(paths) if not path.startswith(("../", "/", ".git/"))]
    if top is None or not inside:
        return []
    found = [path for path in inside if _is_small(top / path)]
    laid_over = {one.target for one in ground.hunt.overlay}
    (ids,) = object_ids(ground.repository, [commit], found) if found else ((),)
    absent = [path for path, known in zip(found, ids, strict=True) if not known and path not in laid_over]
    return [Place(file=top / path, to=path) for path in absent[:_MOST]]


def _is_small(file: Path) -> bool:
    try:
        return file.is_file() and file.stat().st_size <= _LARGEST
    except OSError:
        return False


@dataclass(frozen=True)
class _Trials:
    """Readings that are not the hunt's own; they decide nothing but this."""

    ground: Ground
    key: str
    ends: Mapping[str, str]
    taken: int
    listener: Listener

    def are_the_reason(self, commit: str, places: Sequence[Place], because: str) -> bool:
        """Whether `commit` is good with the files, and good itself does not make them when it is tested.

        A file that good makes, and the first bad commit no longer, is the regression, not something missing.
        """
        names = ", ".join(place.to for place in places)
        why = f"testing {commit[:12]} once more with {names} of your checkout"
        self.listener(Noted(f"{why}, because {because}"))
        overlay = (*self.ground.hunt.overlay, *places)
        if not isinstance(self._read(commit, {"overlay": overlay}).judgement, Good):
            return False
        test = self.ground.hunt.test
        there = (f"test -e {shlex.quote(os.path.relpath(place.to, test.folder))}" for place in places)
        line = test.command if isinstance(test.command, str) else shlex.join(test.command)
        command = "\n".join([f"( {line}", ")", " && ".join(there)])
        made = self._read(self.ends["good"], {"test": test.model_copy(update={"command": command})})
        return made.run is None or made.run.exit_code != 0

    def _read(self, commit: str, update: dict[str, object]) -> Reading:
        alike = copy.copy(self.ground)
        alike.hunt = self.ground.hunt.model_copy(update=update)
        with reader_for(alike, self.key, self.ends, self.taken, self.listener) as reader:
            request = Request(commit, Role.VERIFICATION, clean=True)
            request = reviewed_by(request, self.ends["good"], self.ends["bad"], ())
            return take(reader, request, lambda _reading: None, self.listener)


def _of_files(ground: Ground, commit: str, places: Sequence[Place]) -> str:
    names = ", ".join(place.to for place in places)
    return (
        f"commit {commit[:12]} is bad only because a slot lacks {names}, which only your checkout has, and "
        f"good with it; test every commit with it: {_to_bring(ground, places)}"
    )


def _to_bring(ground: Ground, places: Sequence[Place]) -> str:
    own = [{"file": os.path.relpath(place.file, ground.base), "to": place.to} for place in places]
    before = ground.hunt.model_dump(mode="json", exclude_defaults=True).get("overlay", [])
    said = shlex.quote(f"overlay={in_flow(extended(before, own))}")
    return f"`--set {said}`, or the same in the hunt file"


def _of_variables(ground: Ground, commit: str, names: Sequence[str]) -> str:
    return (
        f"commit {commit[:12]} reports that {', '.join(names)} is missing, which your shell has and tests do "
        f"not see; {_to_pass(ground, names)}, or unset it"
    )


def _to_pass(ground: Ground, names: Sequence[str]) -> str:
    said = shlex.quote(f"environment.pass={in_flow([*ground.hunt.environment.pass_, *names])}")
    return f"pass it on with `--set {said}`, or the same in the hunt file"
