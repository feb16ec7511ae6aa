"""Into a submodule: which of several it is, and then which commit of its history."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bisector.errors import EnvironmentFault
from bisector.history.pointers import Moves, Pointer, is_whole
from bisector.history.stand_ins import Contents
from bisector.history.submodules import clone_at, fetching, submodules_of, was_elsewhere
from bisector.hunt.conclusion import AnyOf, GoodIsBad, MergeBaseIsBad
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.line import as_they_are, one_by_one
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Hunted, Way
from bisector.hunt_file.direction import TermsChoice

_NAMED = 20


@dataclass(frozen=True)
class Bump:
    """The commit `of` a space, which moves submodules against its `parent`.

    `held` is what the parent has, `whole` what the commit has.
    """

    space: Space
    of: str
    parent: str
    held: Contents
    whole: Contents
    moves: Moves

    @property
    def is_only_one(self) -> bool:
        """Whether all it does is to move one submodule."""
        return len(self.moves.pointers) == 1 and not self.moves.others


def which_submodule(way: Way, bump: Bump) -> tuple[Level, Pointer | None, Contents]:
    """The step that tells which of several submodules it is, alone or with those before it.

    Also returns the one to follow, if there is one, and what to hold while its history is hunted. Raises
    `Spent`, and what a hunt raises.
    """
    pointers, others = bump.moves.pointers, bump.moves.others
    paths = ", ".join(pointer.path for pointer in pointers)
    level = Level("submodules", bump.of, bump.parent, bump.of, "open", "", bump.space.path)
    way.tell(f"{bump.of[:12]} moves {paths}{' and changes other files' if others else ''}: which of these?")
    old, new = way.ground.hunt.kinds.old, way.ground.hunt.kinds.new
    found = _hunted(way, bump, bump.held, pointers, rest=bool(others))
    if found.answer == bump.of:
        why = (
            f"with only {paths} moved it is {old}; the other files that it changes make the difference, "
            f"alone or together with {paths}"
        )
        return replace(level, state="together", why=why, files=others[:_NAMED]), None, bump.held
    if pointer := _called(found.answer, pointers):
        answer = replace(level, state="found", answer=pointer.path)
        before = pointers[: pointers.index(pointer)]
        if not before or _hunted(way, bump, bump.held, [pointer], rest=False).answer == pointer.path:
            return replace(answer, why=f"confirmed: {new} with only it moved"), pointer, bump.held
        named = ", ".join(one.path for one in before)
        why = f"confirmed: {new} only with {named} moved too"
        return replace(answer, why=why), pointer, _moved(bump.held, before)
    if isinstance(found.conclusion, AnyOf) and others:
        return _after_the_others(way, bump, level)
    if isinstance(found.conclusion, AnyOf):
        return replace(level, why=f"{paths} cannot be tested one by one"), None, bump.held
    return replace(level, why=found.why), None, bump.held


def _after_the_others(way: Way, bump: Bump, level: Level) -> tuple[Level, Pointer | None, Contents]:
    """The same for submodules that cannot be tested without the other files that the commit changes."""
    pointers, others = bump.moves.pointers, bump.moves.others
    way.tell("they cannot be tested without its other files; moving them after those")
    links = {**bump.whole.links, **{pointer.path: pointer.old for pointer in pointers}}
    held = Contents(bump.whole.base, links)
    new = way.ground.hunt.kinds.new
    found = _hunted(way, bump, held, pointers, rest=False)
    if isinstance(found.conclusion, GoodIsBad):
        why = f"{new} also without moving a submodule: the other files that it changes make the difference"
        return replace(level, state="together", why=why, files=others[:_NAMED]), None, held
    if pointer := _called(found.answer, pointers):
        before = pointers[: pointers.index(pointer)]
        why = f"confirmed: {new} with it moved after all else that the commit changes"
        return replace(level, state="found", answer=pointer.path, why=why), pointer, _moved(held, before)
    why = "the submodules and the other files that it changes cannot be tested without each other"
    return replace(level, why=why), None, held


def _called(path: str, pointers: Sequence[Pointer]) -> Pointer | None:
    return next((one for one in pointers if one.path == path), None)


def _moved(held: Contents, pointers: Sequence[Pointer]) -> Contents:
    """The same files, with these submodules moved."""
    return Contents(held.base, {**held.links, **{one.path: one.new for one in pointers}})


def _hunted(way: Way, bump: Bump, held: Contents, pointers: Sequence[Pointer], *, rest: bool) -> Hunted:
    return way.hunt(one_by_one(way.ground, bump.space, held, pointers, bump.of, bump.whole if rest else None))


def into_submodule(
    way: Way, bump: Bump, pointer: Pointer, held: Contents
) -> tuple[Level, Hunted | None, Space | None]:
    """The step down into the history of a submodule, with all else `held` as it is.

    Also returns the hunt that has the answer, if one is found, and the space of the submodule. Raises
    `Spent`, and what a hunt raises.
    """
    path = f"{bump.space.path}/{pointer.path}" if bump.space.path else pointer.path
    level = Level("submodule", bump.of, pointer.old, pointer.new, "open", "", path)
    ready = _space_of(bump, pointer, held)
    if not isinstance(ready, Space) and way.ground.hunt.descend.fetch:
        ready = _fetched(way, bump, pointer, held, ready)
    if not isinstance(ready, Space):
        why, command = ready
        return replace(level, why=why, command=command), None, None
    if not ready.repository.merge_bases(pointer.old, pointer.new):
        moved = _moved_url(bump, pointer)
        return replace(level, why=f"the two commits have no common history{moved}"), None, None
    if ready.repository.contains(pointer.old, pointer.new):
        return *_moved_back(way, ready, pointer, level), None
    way.tell(f"into the submodule {path}: which of its commits ({level.range})?")
    found = way.tried(lambda: as_they_are(way.ground, ready, pointer.old, pointer.new))
    if isinstance(found, str):
        return replace(level, why=found), None, None
    new = way.ground.hunt.kinds.new
    base = bump.of if held.base == bump.whole.base else bump.parent
    if found.answer:
        why = f"confirmed: the first {new} commit of the submodule, with all else as in {base[:12]}"
        return level.found(ready.info(found.answer), why), found, ready
    if isinstance(found.conclusion, AnyOf):
        commits = tuple(map(found.line.of, found.conclusion.commits))
        why = "only untestable commits of the submodule are left"
        return replace(level, state="one-of", any_of=commits, why=why), None, None
    if isinstance(found.conclusion, MergeBaseIsBad):
        base = found.line.of(found.conclusion.merge_base)
        why = f"the submodule moved to another branch, and where the two part, {base[:12]}, is {new} already"
        return replace(level, why=why), None, None
    return replace(level, why=found.why), None, None


def _moved_url(bump: Bump, pointer: Pointer) -> str:
    """A clause for a submodule whose URL the commit changes; '' if it does not."""
    urls = [
        submodules_of(bump.space.repository, commit).get(pointer.path, ("", ""))[1]
        for commit in (bump.parent, bump.of)
    ]
    return f": the submodule moved from {urls[0]} to {urls[1]}" if urls[0] != urls[1] else ""


def _moved_back(way: Way, space: Space, pointer: Pointer, level: Level) -> tuple[Level, Hunted | None]:
    """The answer in a submodule that was moved back: the commit whose loss makes the difference.

    It is hunted in the order of the history, where it makes the difference the other way round. No step
    leads further down: what is gone is not in the answer.
    """
    hunt = way.ground.hunt
    turned = hunt.model_copy(
        update={"find": "regression" if hunt.kinds.better else "fix", "terms": TermsChoice()}
    )
    level = replace(level, is_back=True)
    way.tell(f"the submodule {level.path} was moved back: which of the lost commits ({level.range})?")
    ground = way.ground.of_hunt(turned)
    found = way.tried(lambda: as_they_are(ground, space, pointer.new, pointer.old))
    if isinstance(found, str):
        return replace(level, why=found), None
    if found.answer:
        why = f"confirmed: this commit had made it {hunt.kinds.old}, and the submodule was moved back over it"
        return level.found(space.info(found.answer), why), None
    commits = found.conclusion.commits if isinstance(found.conclusion, AnyOf) else ()
    lost = tuple(map(found.line.of, commits))
    return replace(level, state="one-of" if lost else "open", any_of=lost, why=found.why), None


def _fetched(
    way: Way, bump: Bump, pointer: Pointer, held: Contents, before: tuple[str, str]
) -> Space | tuple[str, str]:
    """As `_space_of`, from a clone of our own that is fetched; why not, if that fails."""
    user = bump.space.repository
    name, url = submodules_of(user, bump.of).get(pointer.path, ("", ""))
    if not url or bump.space.above is not None:
        return before
    way.tell(f"fetching the submodule {pointer.path} from {url}")
    try:
        clone = bump.space.private.fetched(name, url, [pointer.old, pointer.new])
    except EnvironmentFault as error:
        return f"{before[0]}, and fetching it failed: {error}", before[1]
    user.use_fetched(name, clone)
    return _space_of(bump, pointer, held)


def _space_of(bump: Bump, pointer: Pointer, held: Contents) -> Space | tuple[str, str]:
    """The history of a submodule; if it is not there, why, and the command that mends it ('' for none)."""
    user = bump.space.repository
    known = clone_at(user, bump.of, pointer.path)
    if known is None:
        return (
            f"the submodule {pointer.path} is not initialised in {user.path}",
            shlex.join(["git", "submodule", "update", "--init", "--recursive", pointer.path]),
        )
    name, clone = known
    part = bump.space.private.part(name, clone)
    part.refresh()
    own = part.repository
    missing = [one for one in (pointer.old, pointer.new) if not own.has(one)]
    if missing:
        named = ", ".join(one[:12] for one in missing)
        elsewhere = was_elsewhere(user, bump.of, pointer.path, clone)
        command = fetching(user, bump.of, pointer.path, clone, *missing)
        return f"your clone of the submodule {pointer.path} lacks {named}{elsewhere}", command
    if not is_whole(own, pointer.old, pointer.new):
        why = f"your clone of the submodule {pointer.path} is shallow and lacks commits between the two"
        return why, shlex.join(["git", "-C", pointer.path, "fetch", "--unshallow"])
    return Space(part, bump.space, held, pointer.path)
