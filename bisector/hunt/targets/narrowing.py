"""The hunt of one target: the same hunt document, with the predicate limited to that target."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from bisector.errors import HuntFileError
from bisector.hunt.ground import Ground
from bisector.hunt_file import AUTO, PredicateChoice
from bisector.probe import selection

_LONGEST = 60
"""Characters of a target's name in the name of its hunt, which may have 100."""
_DIGEST = 6


def narrowed(ground: Ground, target: str) -> Ground:
    """The ground of the hunt of one target, which is an ordinary hunt."""
    hunt = ground.hunt
    named = hunt_name(hunt.hunt, target)
    if hunt.scripts:
        test = hunt.test.model_copy(update={"command": hunt.scripts[target]})
        return ground.of_hunt(
            hunt.model_copy(update={"hunt": named, "targets": (), "scripts": {}, "test": test})
        )
    option = ground.predicate.target
    judged = {**hunt.predicate.options, option: target}
    choice = PredicateChoice.model_validate(
        {"name": hunt.predicate.name, **judged}, context={"base": str(ground.base)}
    )
    return ground.of_hunt(hunt.model_copy(update={"hunt": named, "targets": (target,), "predicate": choice}))


def of_one_target(ground: Ground) -> Ground:
    """The ground of a command that looks at one hunt; raises `HuntFileError` if it has several targets."""
    hunt = ground.hunt
    if hunt.axes:
        raise HuntFileError(f"{hunt.locate('axes')}: axes: only `bisector run` hunts among axes; remove them")
    if not hunt.targets:
        return ground
    require_targets(ground)
    if len(hunt.targets) == 1 and hunt.targets != (AUTO,):
        is_narrow = (
            not hunt.scripts and hunt.predicate.options.get(ground.predicate.target) == hunt.targets[0]
        )
        return ground if is_narrow else narrowed(ground, hunt.targets[0])
    raise HuntFileError(
        f"{hunt.locate('targets')}: targets: this command looks at the hunt of one target; name it with "
        "--set 'targets=[NAME]'"
    )


def hunt_name(hunt: str, target: str) -> str:
    """The name of a target's hunt: the names of both, with a digest if that could be twice."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", target).strip("-._")[-_LONGEST:].lstrip("-._")
    digest = hashlib.sha256(target.encode()).hexdigest()[:_DIGEST]
    return "-".join(filter(None, (hunt[:30], plain, "" if plain == target else digest)))


def require_targets(ground: Ground) -> None:
    """Raise `HuntFileError` if the hunt's targets cannot be hunted together."""
    hunt = ground.hunt
    where = hunt.locate("targets")
    if hunt.find != "regression":
        swapped = "good is newer than bad, and " if ground.is_swapped else ""
        alone = f"remove `targets` and name it in `predicate.{ground.predicate.target}`"
        if hunt.scripts:
            alone = "remove `scripts` and write its command in `test.command`"
        raise HuntFileError(
            f"{where}: targets: {swapped}several targets are hunted for regressions, not with "
            f"`find: {hunt.find}`; for one of them, {alone}"
        )
    if not hunt.scripts:
        _require_option(ground)
    if hunt.engine.name != "local":
        raise HuntFileError(
            f"{where}: targets: hunts of several targets run on this machine; remove `engine`, or hunt one "
            "target at a time"
        )
    if hunt.targets != (AUTO,) and not hunt.scripts:
        require_room(ground, hunt.targets)


def _require_option(ground: Ground) -> None:
    """Raise `HuntFileError` if the hunt's predicate cannot judge its targets one by one."""
    hunt, option = ground.hunt, ground.predicate.target
    where = hunt.locate("targets")
    if not option:
        raise HuntFileError(
            f"{where}: targets: the predicate {hunt.predicate.name!r} judges only the whole test; "
            "use `tests` or `benchmark`, name the command of each target in `scripts`, or remove the key"
        )
    written = hunt.predicate.options.get(option)
    if written is not None and hunt.targets != (written,):
        raise HuntFileError(
            f"{hunt.locate('predicate', option)}: predicate.{option}: {written!r} is one target, and "
            "`targets` names others; remove one of the two"
        )


def require_room(ground: Ground, targets: Sequence[str]) -> None:
    """Raise `HuntFileError` if the names of these targets do not fit into the test's command."""
    hunt = ground.hunt
    if selection.is_too_long(hunt.test.command, targets):
        raise HuntFileError(
            f"{hunt.locate('test', 'command')}: test.command: the names of {len(targets)} targets do not fit "
            f"into a command; let it read them from the file ${selection.FILE} instead of {selection.PLACE}"
        )
