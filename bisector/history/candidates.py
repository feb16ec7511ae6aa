"""Which commits may be the first bad one, and how they hang together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bisector.errors import HistoryError
from bisector.history.repository import Repository


@dataclass(frozen=True, slots=True)
class Candidates:
    """The commits reachable from bad and from no good.

    `ids` are full ids in topological order, parents before children, the last one standing for bad;
    `parents[i]` are the positions of the parents of `ids[i]` that are candidates themselves.
    """

    ids: tuple[str, ...]
    parents: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.ids)


def candidates_between(
    repository: Repository,
    good: Sequence[str],
    bad: str,
    *,
    first_parent: bool = False,
    paths: Sequence[str] = (),
) -> Candidates:
    """The candidates of a hunt, as `git bisect` would take them.

    Raises `HistoryError` where none is left.
    """
    arguments = ["rev-list", "--topo-order", "--reverse", "--parents"]
    if first_parent:
        arguments.append("--first-parent")
    out = repository.git(*arguments, bad, "--not", *good, "--", *paths).decode()
    rows = [line.split() for line in out.splitlines()]
    position = {row[0]: at for at, row in enumerate(rows)}
    last = 2 if first_parent else None
    parents = [tuple(position[p] for p in row[1:last] if p in position) for row in rows]
    ids = [row[0] for row in rows]
    if not ids:
        raise HistoryError(_why_empty(paths))
    heads = set(range(len(ids))).difference(*parents)
    if len(heads) > 1:
        # Simplified history (paths) may end in several commits; bad itself joins them again.
        ids.append(bad)
        parents.append(tuple(sorted(heads)))
    return Candidates(tuple(ids), tuple(parents))


def collapse(candidates: Candidates, keys: Sequence[object]) -> Candidates:
    """`candidates` without those whose key equals that of a parent.

    A commit that changes no input behaves as its parent does, so it cannot be the first bad commit;
    its children take its parents instead. `keys[i]` is what `ids[i]` depends on. The last candidate,
    which stands for bad, always stays.
    """
    last = len(candidates) - 1
    stand_in: list[tuple[int, ...]] = []
    ids: list[str] = []
    parents: list[tuple[int, ...]] = []
    for at, (identity, own) in enumerate(zip(candidates.ids, candidates.parents, strict=True)):
        merged = tuple(sorted({p for parent in own for p in stand_in[parent]}))
        if at != last and any(keys[parent] == keys[at] for parent in own):
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
            "widen `paths`, or move good further back"
        )
    return "there is no commit between good and bad; good must be older than bad: are they swapped?"
