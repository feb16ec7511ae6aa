"""Commits of bisector's own that stand for others, such as a branch commit with the other side merged in.

They are written to the private repository, never to the user's. The same contents, parents and commits that
they stand for give the same ids, so a hunt among them can be resumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.history.commit import CommitInfo
from bisector.history.own_git_folder import own_git_folder
from bisector.history.private import PrivateRepository
from bisector.history.repository import GitFailure, Repository

_REF = "refs/heads/stand-in"
COMMITTER = "bisector@localhost"
"""The e-mail address of whoever commits stand-ins."""
_CONFLICT = 1
"""The exit code of `git merge-tree` for a merge with conflicts (git-merge-tree(1))."""
_UNKNOWN_OPTION = 129


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to write: its git mode, and its contents or the id of a `blob` (or commit) that has them."""

    mode: str
    data: bytes | None = None
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a stand-in: the tree of `base` (a commit or tree), with submodules moved to `links`.

    `files` are written into that tree; those that are None are removed from it.
    """

    base: str
    links: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Entry | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StandIn:
    """A commit to write. `parents` are positions of earlier ones; `stands_for` is the commit to show."""

    contents: Contents
    stands_for: CommitInfo
    parents: tuple[int, ...] = ()


def write(private: PrivateRepository, wanted: Sequence[StandIn]) -> list[str]:
    """Write these commits, parents first, and return their ids; the user's repository stays as it is.

    Raises `GitFailure` if git fails, `InfrastructureFault` if the disk is full.
    """
    private.refresh()
    trees = _named(private, [f"{one.contents.base}^{{tree}}" for one in wanted], "objectname")
    kinds = _named(private, [one.contents.base for one in wanted], "objecttype")
    blobs = _blobs(wanted)
    marked = enumerate(zip(wanted, trees, kinds, strict=True), start=1)
    commits = (_commit(at, one, tree, blobs, kind == "commit") for at, (one, tree, kind) in marked)
    script = b"".join(
        [
            *(b"blob\nmark :%d\ndata %d\n%b\n" % (mark, len(data), data) for data, mark in blobs.items()),
            *(commit.encode(errors="surrogateescape") for commit in commits),
        ]
    )
    with own_git_folder(private, wanted[0].stands_for.id) as folder:
        how = ("fast-import", "--quiet", "--force", "--date-format=raw-permissive", "--export-marks=marks")
        _git(private, folder, *how, stdin=script)
        ids = dict(line.split() for line in (folder / "marks").read_text().splitlines())
    found = [ids[f":{at}"] for at in range(1, len(wanted) + 1)]
    private.repository.show_as(
        {
            identity: replace(one.stands_for, parents=tuple(found[parent] for parent in one.parents))
            for identity, one in zip(found, wanted, strict=True)
        }
    )
    return found


def merged_tree(private: PrivateRepository, one: str, other: str) -> str:
    """The tree of commit `one` with `other` merged in as by `git merge`; '' if they conflict.

    Raises `EnvironmentFault` if git fails or is older than 2.38.
    """
    private.refresh()
    with own_git_folder(private, one) as folder:
        # A merge driver of the user's writes its files to the current folder.
        try:
            out = _git(private, folder, "merge-tree", "--write-tree", "-z", "--no-messages", one, other)
        except GitFailure as error:
            if error.status == _UNKNOWN_OPTION:
                raise EnvironmentFault("merging without a checkout needs git 2.38 or newer") from error
            if error.status == _CONFLICT:
                return ""
            raise
    return out.decode().strip("\0\n")


def changed_on_both(repository: Repository, one: str, other: str) -> tuple[list[str], list[str], list[str]]:
    """The files that both sides changed since their merge base, those of `one` alone, of `other` alone."""
    base = next(iter(repository.merge_bases(one, other)), "")
    if not base:
        return [], [], []
    here, there = (changed(repository, base, tip) for tip in (one, other))
    return sorted(here & there), sorted(here - there), sorted(there - here)


def changed(repository: Repository, before: str, after: str) -> set[str]:
    """The files that differ between two commits or trees."""
    out = repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after)
    return set(out.decode(errors="surrogateescape").split("\0")) - {""}


def _git(private: PrivateRepository, folder: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    within = (f"--git-dir={folder}", "-c", "core.bare=true")
    return private.repository.git(*within, *arguments, folder=folder, stdin=stdin)


def _named(private: PrivateRepository, names: Sequence[str], field: str) -> list[str]:
    out = private.repository.git(
        "cat-file", f"--batch-check=%({field})", stdin="\n".join([*names, ""]).encode()
    )
    return out.decode().split("\n")[:-1]


def _blobs(wanted: Sequence[StandIn]) -> dict[bytes, int]:
    """A mark for each different file to write, after those of the commits."""
    files = (entry for one in wanted for entry in one.contents.files.values())
    different = dict.fromkeys(entry.data for entry in files if entry is not None and entry.data is not None)
    return {data: mark for mark, data in enumerate(different, start=len(wanted) + 1)}


def _commit(mark: int, one: StandIn, tree: str, blobs: Mapping[bytes, int], on_commit: bool) -> str:
    """The commit in the format of `git fast-import`, without a parent that it does not have."""
    at = max(int(one.stands_for.date.timestamp()), 0)
    # A submodule's commit stands in a commit of the superproject, whose history conditions are about.
    laid_on = f"Laid on {one.contents.base}\n" if on_commit and one.contents.links else ""
    said = f"{one.stands_for.subject}\n\n{laid_on}Stands for {one.stands_for.id}\n"
    size = len(said.encode(errors="surrogateescape"))
    lines = [f"reset {_REF}", "", f"commit {_REF}", f"mark :{mark}"]
    lines += [f"committer bisector <{COMMITTER}> {at} +0000", f"data {size}", said]
    lines += [f"{'merge' if at else 'from'} :{parent + 1}" for at, parent in enumerate(one.parents)]
    lines.append(f'M 040000 {tree} ""')
    lines += [f"M 160000 {commit} {_quoted(path)}" for path, commit in one.contents.links.items()]
    # A file may take the place of a removed folder, or the other way round.
    lines += [f"D {_quoted(path)}" for path, entry in one.contents.files.items() if entry is None]
    for path, entry in one.contents.files.items():
        if entry is not None:
            blob = entry.blob if entry.data is None else f":{blobs[entry.data]}"
            lines.append(f"M {entry.mode} {blob} {_quoted(path)}")
    return "\n".join([*lines, "", ""])


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
