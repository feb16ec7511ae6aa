"""The commits that may be the first bad one, and their graph."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bisector.errors import HistoryError
from bisector.history.object_ids import object_ids
from bisector.history.repository import GitFailure, Repository


@dataclass(frozen=True, slots=True)
class Candidates:
    """The commits reachable from bad but from no good commit.

    `ids` are full ids in topological order, parents before children; the last one is bad. `parents[i]` are
    the positions of those parents of `ids[i]` that are candidates.
    """

    ids: tuple[str, ...]
    parents: tuple[tuple[int, ...], ...]
    inputs: tuple[tuple[str, ...], ...] = ()
    """For each candidate the object ids at the requested inputs; '' if absent."""

    def __len__(self) -> int:
        return len(self.ids)


def candidates_between(
    repository: Repository,
    good: Sequence[str],
    bad: str,
    *,
    first_parent: bool = False,
    paths: Sequence[str] = (),
    inputs: Sequence[str] = (),
) -> Candidates:
    """The candidates of a hunt, chosen like `git bisect` does, and their object ids at the paths `inputs`.

    Raises `HistoryError` if there are none, or git rejects `paths`.
    """
    how = [*(["--first-parent"] if first_parent else []), *(["--format=%T"] if inputs else [])]
    try:
        out = repository.git(
            *("rev-list", "--topo-order", "--reverse", "--parents", *how, bad, "--not", *good, "--", *paths)
        )
    except GitFailure as error:
        if "pathspec" not in str(error):
            raise
        raise HistoryError(f"git rejects `paths` ({error}); correct them") from error
    lines = out.decode().splitlines()
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(object_ids, repository, lines[1::2], inputs) if inputs else None
        ids, parents = _read(lines[::2] if inputs else lines, most_parents=1 if first_parent else None)
        contents = found.result() if found else []
    if not ids:
        raise HistoryError(_why_empty(paths))
    heads = set(range(len(ids))).difference(*parents)
    if len(heads) > 1:
        # Simplified history (paths) may end in several commits; bad joins them.
        ids.append(bad)
        parents.append(tuple(sorted(heads)))
        contents += object_ids(repository, [bad], inputs) if inputs else []
    return Candidates(tuple(ids), tuple(parents), tuple(contents))


def _read(lines: Sequence[str], most_parents: int | None) -> tuple[list[str], list[tuple[int, ...]]]:
    """Ids and parent positions, from lines with an id and the ids of its parents."""
    position: dict[str, int] = {}
    parents: list[tuple[int, ...]] = []
    # Hot loop: there may be 100,000 commits.
    for at, line in enumerate(lines):
        own, *above = line.removeprefix("commit ").split()
        position[own] = at
        # Parents come first, so a parent without a position is not a candidate.
        known = map(position.get, above[:most_parents])
        parents.append(tuple([parent for parent in known if parent is not None]))
    return list(position), parents


def collapse(candidates: Candidates, keys: Sequence[object]) -> Candidates:
    """`candidates` without those whose key equals that of a parent.

    A commit that changes no input behaves like its parent, so it cannot be the first bad commit; its children
    inherit its parents. `keys[i]` is the key of `ids[i]`. The last candidate, which is bad, always stays.
    """
    last = len(candidates) - 1
    stand_in: list[tuple[int, ...]] = []
    ids: list[str] = []
    parents: list[tuple[int, ...]] = []
    for at, (identity, own) in enumerate(zip(candidates.ids, candidates.parents, strict=True)):
        # Fast path: most commits have one parent.
        if len(own) == 1:
            merged, alike = stand_in[own[0]], keys[own[0]] == keys[at]
        else:
            merged = tuple(sorted({p for parent in own for p in stand_in[parent]}))
            alike = any(keys[parent] == keys[at] for parent in own)
        if alike and at != last:
            stand_in.append(merged)
            continue
        stand_in.append((len(ids),))
        ids.append(identity)
        parents.append(merged)
    return Candidates(tuple(ids), tuple(parents))


def _why_empty(paths: Sequence[str]) -> str:
    if paths:
        return (
            f"no commit between good and bad touches {', '.join(paths)}; "
            "widen `paths` or choose an older good commit"
        )
    return "there are no commits between good and bad; good must be older than bad: are they swapped?"
