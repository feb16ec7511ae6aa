"""The order in which the changes of a commit are most likely to build one by one: definitions before uses.

Words tell: a change that uses a name which another one introduces needs that one first; a change that
removes a name comes after those that remove its uses. Where a name's definition changes, its users follow.
A wrong guess costs tests, never an answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bisector.history.changes import Change

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_']{2,}")
_DEFINES = (
    rb"\b(?:and|class|const|data|def|defn|define|enum|external|fn|fun|func|function|interface|let|macro|method|"
    rb"module|newtype|open|package|proc|rec|record|signature|static|struct|sub|trait|type|typedef|union|val|var)"
    rb"\s+(?:rec\s+|mut\s+|inline\s+)*([A-Za-z_][A-Za-z0-9_']{2,})"
    rb"|([A-Za-z_][A-Za-z0-9_']{2,})\s*\([^()]*\)\s*\{"
)
_FUNCTION = re.compile(_DEFINES)
_DEFINITION = re.compile(_DEFINES + rb"|([A-Za-z_][A-Za-z0-9_']{2,})\s*:?=[^=]")


class Dependence:
    """Which of the changes of a commit seem to need which others."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._needs = _needs(changes)
        self._size = len(changes)

    def clusters(self) -> list[tuple[int, ...]]:
        """The positions of the changes, those together that share names, each after those that it needs.

        Clusters come in the order of their first changes.
        """
        of = list(range(self._size))
        for at, before in self._needs.items():
            for one in before:
                _join(of, at, one)
        found: dict[int, list[int]] = {}
        for at in _in_order(self._needs, self._size):
            found.setdefault(_root(of, at), []).append(at)
        return [tuple(found[root]) for root in sorted(found)]

    def needed_by(self, chosen: Iterable[int]) -> set[int]:
        """These changes and all that they seem to need."""
        found, left = set[int](), list(chosen)
        while left:
            at = left.pop()
            if at not in found:
                found.add(at)
                left += self._needs.get(at, ())
        return found


def _join(of: list[int], one: int, other: int) -> None:
    """Put two changes into one cluster, which the earliest of its changes stands for."""
    low, high = sorted((_root(of, one), _root(of, other)))
    of[high] = low


def _root(of: list[int], at: int) -> int:
    while of[at] != at:
        of[at] = at = of[of[at]]
    return at


def _in_order(needs: Mapping[int, set[int]], size: int) -> list[int]:
    """All positions, each after those that it needs, as far as there is such an order."""
    order: list[int] = []
    seen: set[int] = set()
    for start in range(size):
        stack = [(start, iter(sorted(needs.get(start, ()))))] if start not in seen else []
        seen.add(start)
        while stack:
            at, rest = stack[-1]
            step = next((one for one in rest if one not in seen), None)
            if step is None:
                order.append(at)
                stack.pop()
            else:
                seen.add(step)
                stack.append((step, iter(sorted(needs.get(step, ())))))
    return order


def _needs(changes: Sequence[Change]) -> dict[int, set[int]]:
    """For each change, those that should come before it."""
    added = [_words(change.added) for change in changes]
    removed = [_words(change.removed) for change in changes]
    needs: dict[int, set[int]] = defaultdict(set)
    for word, at in _where(map(set.difference, added, removed)).items():
        defining = [one for one in at if word in _defined(changes[one].added)]
        for one in defining[:1]:
            for user in at - {one}:
                needs[user].add(one)
    for word, at in _where(map(set.difference, removed, added)).items():
        defining = [one for one in at if word in _defined(changes[one].removed)]
        for one in defining[:1]:
            needs[one].update(at - {one})
    for word, at in _where(added).items():
        changed = [
            one for one in at if word in removed[one] and word in _defined(changes[one].added, _FUNCTION)
        ]
        for one in changed[:1]:
            for user in at - {one}:
                needs[user].add(one)
    return needs


def _where(words: Iterable[set[bytes]]) -> dict[bytes, set[int]]:
    """The changes that have each word, for words in more than one of them."""
    found: dict[bytes, set[int]] = defaultdict(set)
    for at, here in enumerate(words):
        for word in here:
            found[word].add(at)
    return {word: at for word, at in found.items() if len(at) > 1}


def _words(lines: Sequence[bytes]) -> set[bytes]:
    return {word for line in lines for word in _WORD.findall(line)}


def _defined(lines: Sequence[bytes], how: re.Pattern[bytes] = _DEFINITION) -> set[bytes]:
    return {name for line in lines for found in how.finditer(line) for name in found.groups() if name}
