"""What a commit needs besides its files: submodules, large files, services, short paths, permissions."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bisector.history.repository import Repository
from bisector.history.submodules import uninitialised
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


def advice_on_permission(ground: Ground, name: str) -> Advice:
    """What to do about a script of the test that is not executable."""
    command = ground.hunt.test.command
    shell = command if isinstance(command, str) else shlex.join(command)
    return advice_to_set(f"{name} is not executable in this commit", "test.command", f"sh {shell}")


def _of_submodules(repository: Repository, commit: str) -> Iterator[Advice]:
    paths = uninitialised(repository, commit)
    if paths:
        are = ("submodules", "are", "they are") if len(paths) > 1 else ("submodule", "is", "it is")
        yield Advice(
            f"the {are[0]} {', '.join(paths)} {are[1]} not initialised in {repository.path}, "
            f"so {are[2]} empty in every slot",
            command=f"git submodule update --init --recursive {shlex.join(paths)}",
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
