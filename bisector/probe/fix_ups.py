"""Fix-ups: changes of the overlay that only commits get that do not build without them (`fails: true`).

Each is tried alone, in the order of the hunt file, and then all of them together. What a commit needs is
noted in the store, for all trees with the same inputs, so that the build without it fails only once.
"""

from __future__ import annotations

import functools

from bisector.probe.artefacts import ArtefactStore
from bisector.probe.identity import Identity

_TRIED = "; with the overlay's "


class FixUps:
    """The fix-ups that commits are laid out with; notes in `store` what they need."""

    def __init__(self, identity: Identity, store: ArtefactStore) -> None:
        self._identity = identity
        self._store = store
        self._of = functools.cache(identity.fix_ups)
        self._used: dict[str, tuple[int, ...]] = {}

    def used(self, commit: str) -> tuple[int, ...]:
        """The positions in the overlay of the fix-ups that a commit is laid out with at present."""
        return self._used.get(commit, ())

    def use(self, commit: str, chosen: tuple[int, ...]) -> None:
        """From now on, lay out a commit with these."""
        self._used[commit] = chosen

    def choices(self, commit: str, clean: bool) -> list[tuple[int, ...]]:
        """What to build a commit with, one after the other until it builds: what it is noted for, or none."""
        every = self._of(commit)
        alone = [(one,) for one in every]
        choices = [(), *alone, *([every] if len(every) > 1 else [])]
        noted = [one for one in choices[1:] if self._store.is_noted(self._name(commit, clean, one))]
        return list(dict.fromkeys([*noted, *choices]))

    def note(self, commit: str, clean: bool, chosen: tuple[int, ...]) -> None:
        """Note that a commit does not build without the chosen ones, and does with them."""
        name = self._name(commit, clean, chosen)
        if not self._store.is_noted(name):
            self._store.note(name)

    def words(self, chosen: tuple[int, ...]) -> str:
        """The chosen ones for people; '' for none."""
        return self._identity.words(chosen)

    def _name(self, commit: str, clean: bool, chosen: tuple[int, ...]) -> str:
        key = functools.partial(self._identity.build_key, commit, clean)
        return f"needs-{key(())}-{key(chosen)}"


def with_tried(why: str, tried: dict[str, str]) -> str:
    """Why a commit does not build, and why not with the fix-ups that were tried, by their words."""
    return why + "".join(f"{_TRIED}{words}: {then}" for words, then in tried.items())


def without_tried(why: str) -> str:
    """Why a commit does not build as it is."""
    return why.partition(_TRIED)[0]
