"""What a commit needs besides its files: submodules, large files, services, short paths, permissions."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bisector.history.repository import Repository
from bisector.history.submodules import submodules_of, uninitialised
from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground

_REFUSED = re.compile(
    r"connection refused|ECONNREFUSED|could not connect|can't connect|failed to connect|no route to host",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"AF_UNIX path too long|socket.*(path|name).*too long|sun_path|ENAMETOOLONG"
    r"|(listen|bind).*(EINVAL|invalid argument).*\.sock|\.sock\b.*invalid argument",
    re.IGNORECASE,
)
_POINTER = "version https://git-lfs.github.com/spec/v1"


def advice_on(ground: Ground, commit: str, said: str) -> Iterator[Advice]:
    """What may be missing around a commit whose build or test printed `said`."""
    repository = ground.repository
    yield from _of_submodules(repository, commit)
    yield from _of_large_files(repository, commit, said)
    if _TOO_LONG.search(said):
        short = Path(tempfile.gettempdir(), "b")
        why = "the path of a Unix socket in a slot is too long; a scratch folder with a short path helps"
        yield advice_to_set(why, "scratch", str(short))
    if _REFUSED.search(said):
        yield Advice("a service that the test needs seems to be down; start it and run the same command")


def _of_submodules(repository: Repository, commit: str) -> Iterator[Advice]:
    paths = uninitialised(repository, commit)
    if paths:
        are = ("submodules", "are", "they are") if len(paths) > 1 else ("submodule", "is", "it is")
        yield Advice(
            f"the {are[0]} {', '.join(paths)} {are[1]} not initialised in {repository.path}, "
            f"so {are[2]} empty in every slot",
            command=_initialising(repository, commit, paths),
        )


def _initialising(repository: Repository, commit: str, paths: Sequence[str]) -> str:
    """The command that initialises submodules of a commit; empty if it depends on where the remote is."""
    now = submodules_of(repository, "HEAD")
    if known := [path for path in paths if path in now]:
        return f"git submodule update --init --recursive {shlex.join(known)}"
    # git initialises only what is checked out, but a clone in its place is as good.
    then = submodules_of(repository, commit)
    places = [(name, url) for name, url in (then[path] for path in paths) if url]
    folder = '"$(git rev-parse --git-common-dir)"/modules'
    return " && ".join(
        f"git clone --bare -- {shlex.quote(url)} {folder}/{shlex.quote(name)}" for name, url in places
    )


def _of_large_files(repository: Repository, commit: str, said: str) -> Iterator[Advice]:
    if "filter=lfs" not in repository.text(commit, ".gitattributes"):
        return
    if not shutil.which("git-lfs"):
        yield Advice("the repository keeps large files with git-lfs, which is not on PATH: install it")
    elif _POINTER in said or "lfs" in said.lower():
        yield Advice(
            "large files of this commit are missing from the clone",
            command="git lfs install && git lfs fetch --all",
        )
