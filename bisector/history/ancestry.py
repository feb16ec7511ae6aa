"""Which commits a range names, and which ones contain a commit.

A commit of bisector's own (`bisector.history.stand_ins`) counts as the commit that it was laid out from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bisector.history.repository import Repository
from bisector.history.stand_ins import COMMITTER

_LAID_OUT_FROM = re.compile(r"^(?:Laid on|Stands for) ([0-9a-f]{40,64})$", re.MULTILINE)


def between(repository: Repository, after: str, upto: str) -> frozenset[str]:
    """The commits of `after..upto`: reachable from `upto`, but not from `after`."""
    return frozenset(repository.git("rev-list", upto, f"^{after}").decode().split())


def containing(repository: Repository, commits: Sequence[str], ancestor: str) -> frozenset[str]:
    """Those of `commits` that contain `ancestor`: it is the same commit, or an ancestor of theirs."""
    wanted = set(commits)
    said = "\n".join([*wanted, f"^{ancestor}", ""])
    out = repository.git("rev-list", "--ancestry-path", "--stdin", stdin=said.encode()).decode()
    return frozenset(wanted & {*out.split(), ancestor})


def laid_out_from(repository: Repository, commits: Sequence[str]) -> list[str]:
    """For each of `commits` itself, or for a commit of bisector's own the one that it was laid out from."""
    distinct = list(dict.fromkeys(commits))
    if not distinct:
        return []
    out = repository.git(
        *("log", "--no-walk=unsorted", "--stdin", "-z", "--format=%H%x00%ce%x00%b"),
        stdin="\n".join([*distinct, ""]).encode(),
    )
    fields = out.decode("utf-8", "replace").split("\0")
    meant = {
        commit: found[1]
        for commit, committer, body in zip(fields[::3], fields[1::3], fields[2::3], strict=False)
        if committer == COMMITTER and (found := _LAID_OUT_FROM.search(body))
    }
    return [meant.get(commit, commit) for commit in commits]
