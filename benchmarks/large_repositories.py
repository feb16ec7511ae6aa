"""Large repositories for benchmarks: a long history with merges, and a tree with many files."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

FOLDERS = ("app", "core", "docs", "host", "lang", "lib", "test", "web")
_START = 1_600_000_000


def git(folder: Path, *arguments: str) -> str:
    """The output of git."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def long_history(folder: Path, commits: int) -> None:
    """A repository with a tag `good` and a branch `main` that is so many commits ahead, a quarter of them
    merges.

    Each commit changes one of 1600 files, and a merge brings in those of its branch. It is packed like a
    clone.
    """
    _fast_import(folder, _history(_trunk_with_topics(commits + 1)))
    git(folder, "gc", "--quiet")


def many_files(folder: Path, files: int, changed: int, commits: int) -> None:
    """A repository with so many files. Each commit of its branch `main` changes `changed` of them."""
    paths = [f"part{at % 50}/section{at // 50 % 40}/file{at}.c" for at in range(files)]

    def script() -> Iterator[str]:
        yield from _commit(0, (), {path: f"{path}\n" * 40 for path in paths})
        for at in range(1, commits):
            some = paths[at :: files // changed][:changed]
            yield from _commit(at, (at - 1,), {path: f"{path} {at}\n" * 40 for path in some})

    _fast_import(folder, script())


def _trunk_with_topics(size: int) -> list[tuple[int, ...]]:
    """Parents of so many commits: a trunk into which up to 20 topic branches at a time are merged."""
    rng = random.Random(0)
    parents: list[tuple[int, ...]] = [()]
    trunk, topics = 0, list[int]()
    while len(parents) < size:
        here, left = len(parents), size - len(parents)
        if topics and (left <= len(topics) or len(topics) == 20 or rng.random() < 0.27):
            parents.append((trunk, topics.pop(rng.randrange(len(topics)))))
            trunk = here
        elif topics and (left == len(topics) + 1 or rng.random() < 0.6):
            at = rng.randrange(len(topics))
            parents.append((topics[at],))
            topics[at] = here
        else:
            parents.append((trunk,))
            topics.append(here)
    return parents


def _history(parents: Sequence[Sequence[int]]) -> Iterator[str]:
    brought: dict[int, dict[str, str]] = {0: {}}
    yield from _commit(0, (), {_path(at): f"{at}\n" * 20 for at in range(1600)})
    yield "reset refs/tags/good\nfrom :1\n\n"
    for at, row in enumerate(parents):
        if len(row) > 1:
            changes = {path: text for parent in row[1:] for path, text in brought[parent].items()}
            brought[at] = {}
            yield from _commit(at, row, changes)
        elif row:
            changes = {_path(at * 7919): f"{at}\n" * 20}
            brought[at] = {**brought[row[0]], **changes}
            yield from _commit(at, row, changes)


def _path(at: int) -> str:
    return f"{FOLDERS[at % 8]}/section{at // 8 % 10}/file{at // 80 % 20}.c"


def _commit(at: int, parents: Iterable[int], changes: Mapping[str, str]) -> Iterator[str]:
    yield f"commit refs/heads/main\nmark :{at + 1}\ncommitter A <a@example.org> {_START + at * 60} +0000\n"
    yield f"data <<.\nCommit {at}\n.\n\n"
    for word, parent in zip(("from", "merge"), parents, strict=False):
        yield f"{word} :{parent + 1}\n"
    for path, text in changes.items():
        yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"
    yield "\n"


def _fast_import(folder: Path, script: Iterable[str]) -> None:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    importing = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE, text=True
    )
    if importing.stdin:
        with importing.stdin as stdin:
            stdin.writelines(script)
    if importing.wait():
        raise RuntimeError(f"git fast-import ended with {importing.returncode}")
