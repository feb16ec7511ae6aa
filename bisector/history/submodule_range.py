"""What may be wrong with the submodules that the commits of a range need, found without a checkout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bisector.history.repository import Repository
from bisector.history.submodules import Clone, fetching, submodules_of, was_elsewhere

_GITLINK = "160000"
_NAMED = 5


def troubles(repository: Repository, good: Sequence[str], bad: str) -> Iterator[str]:
    """A sentence for each submodule that is not initialised, moved to another URL, or lacks commits.

    Only of the submodules that good or bad has; reads the history only if there are any.
    """
    then, now = (submodules_of(repository, commit) for commit in (good[0], bad))
    clones: dict[str, Clone] = {}
    for path, (name, url) in {**then, **now}.items():
        clone = Clone(repository.clone_of(name, path))
        if not clone.is_there:
            yield (
                f"the submodule {path} is not initialised in {repository.path}, so it is empty in every "
                f"slot; run `git submodule update --init --recursive {path}`"
            )
            continue
        clones[path] = clone
        before = then[path][1] if path in then else ""
        if before and url and before != url:
            yield f"the submodule {path} moved within the range, from {before} to {url}"
    holders = _holders(repository, (*good, bad), list(clones)) if clones else {}
    for path, clone in clones.items():
        yield from _of_commits(repository, path, clone, holders.get(path, {}))


def _of_commits(repository: Repository, path: str, clone: Clone, holders: Mapping[str, str]) -> Iterator[str]:
    wanted = "".join(f"{one}\n" for one in holders)
    out = clone.git("cat-file", "--batch-check=%(objectname)", stdin=wanted.encode()).decode()
    gone = [line.split()[0] for line in out.splitlines() if line.endswith(" missing")]
    if not gone:
        return
    named = ", ".join(one[:12] for one in gone[:_NAMED]) + (", ..." if gone[_NAMED:] else "")
    lacks = f"lacks {len(gone)} commit{'' if len(gone) == 1 else 's'} that the range needs ({named})"
    holder = holders[gone[0]]
    elsewhere = was_elsewhere(repository, holder, path, clone)
    command = fetching(repository, holder, path, clone, *gone[:_NAMED])
    yield (
        f"your clone of the submodule {path} {lacks}{elsewhere}, so commits with it cannot be tested; get it "
        f"with `{command}`"
    )


def _holders(repository: Repository, ends: Sequence[str], paths: Sequence[str]) -> dict[str, dict[str, str]]:
    """By path the commits of the submodule that the range names, each with a commit that names it."""
    literally, found = "--literal-pathspecs", {path: dict[str, str]() for path in paths}
    for end in ends:
        out = repository.git(literally, "ls-tree", "-z", "--full-tree", end, "--", *paths)
        for row in out.decode(errors="surrogateescape").split("\0")[:-1]:
            what, _, path = row.partition("\t")
            mode, _, identity = what.split()
            if mode == _GITLINK and path in found:
                found[path][identity] = end
    *good, bad = ends
    how = ("--format=%x00%H", "--raw", "--no-abbrev", "-z", "--no-renames", "--no-ext-diff")
    out = repository.git(literally, "log", *how, bad, "--not", *good, "--", *paths)
    rows, commit = iter(out.decode(errors="surrogateescape").split("\0")), ""
    for row in rows:
        fields = row.strip("\n").split()
        if len(fields) == 1:
            commit = fields[0]
        elif len(fields) == 5:
            path = next(rows)
            if fields[1] == _GITLINK and path in found:
                found[path].setdefault(fields[3], commit)
    return found
