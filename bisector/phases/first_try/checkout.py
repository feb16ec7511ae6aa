"""Files that the user's checkout has and a slot has not: untracked, ignored, or from another commit."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bisector.errors import HistoryError
from bisector.history.object_ids import object_ids
from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground
from bisector.phases.first_try.dependencies import is_below

_LARGEST = 16 * 1024 * 1024
"""Bytes of the largest untracked file or folder that an overlay is proposed for."""
_MOST_FILES = 500


_ONLY_YOURS = "{path} is in your checkout but {how}, so no commit has it"
_MADE = (b"\x7fELF", b"!<arch>", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
"""First bytes of programs, objects, libraries and classes: what a build makes."""


@dataclass(frozen=True)
class Checkout:
    """The user's checkout beside the tree of `commit`, an endpoint whose commands run in `folder`."""

    ground: Ground
    commit: str
    bad: str
    folder: str

    def advice_on(self, name: str) -> Advice | None:
        """What to do if a command misses the file or folder `name`; None if the commit has it.

        `name` is relative to the folder of the command, or to the top of the repository.
        """
        top = self.ground.repository.work_tree
        if top and (beside := self._beside(name, top)):
            return beside
        for folder in dict.fromkeys((self.folder, ".")):
            path = _inside(folder, name, top)
            if path is None or self._is_known(path):
                continue
            if self._has(self.commit, path):
                return self._of_the_top(name, path) if folder != self.folder else None
            if (found := self._of_another_commit(path)) or (found := self.advice_on_untracked(path)):
                return found
        return None

    def advice_on_folder(self, command: str) -> Advice:
        """What to do if the commit lacks the folder of the command, as one older than the folder does."""
        first, *rest = command.split(maxsplit=1)
        path = _inside(self.folder, first, self.ground.repository.work_tree) if "/" in first else None
        where = "" if self.ground.hunt.origin.file else ", where you are,"
        why = f"the folder {self.folder}{where} is not in {self.commit[:12]}"
        if path and not is_below(path, [self.folder]):
            line = " ".join([f"./{path}", *rest])
            return Advice(f"{why}: run the command at the top of the repository, as `{line}`")
        return Advice(f"{why}: choose another commit, or a command that runs at the top of the repository")

    def _is_known(self, path: str) -> bool:
        """Whether the overlay writes the path already, or it is the folder of the command itself."""
        targets = [one.target for one in self.ground.hunt.overlay if one.target]
        return is_below(self.folder, [path]) or is_below(path, targets)

    def _of_the_top(self, name: str, path: str) -> Advice | None:
        """The commit has the file at its top, but the command ran in a subfolder."""
        why = f"{path} is at the top of the repository, but commands run in {self.folder}, where you stand"
        is_typed = not self.ground.hunt.origin.file and "/" in name
        return advice_to_set(why, "test.folder", ".") if is_typed else None

    def _of_another_commit(self, path: str) -> Advice | None:
        for revision, commit in (("bad", self.bad), ("HEAD", self._head())):
            if commit and commit != self.commit and self._has(commit, path):
                why = f"{path} is not in {self.commit[:12]}, but in {_named(revision, commit)}"
                return self._overlaid(why, {"copy": path, "from": revision})
        return None

    def advice_on_untracked(self, path: str, why: str = _ONLY_YOURS) -> Advice | None:
        """What to do about a file or folder that only the checkout has, by its path from the top.

        `why` is a sentence with places for the `path` and `how` git sees it. None for what is too large to be
        copied into every slot, or is not there.
        """
        top = self.ground.repository.work_tree
        file = top / path if top else None
        if top is None or file is None or not file.exists():
            return None
        how = "ignored by git" if self._is_ignored(path) else "untracked"
        said = why.format(path=path, how=how)
        if made := _environment_of(file, top):
            return Advice(
                f"{why.format(path=made, how=how)}; it is a virtual environment: make it in every slot with "
                "`setup`, or activate it before you start bisector and leave its path out"
            )
        if _is_large(file):
            return None
        if is_product(file):
            return Advice(f"{said}; it looks like what a build makes: let `build` make it in every commit")
        beside = os.path.relpath(file, self.ground.base)
        return self._overlaid(said, {"file": beside, "to": path})

    def _beside(self, name: str, top: Path) -> Advice | None:
        """A file beside the checkout, which is not beside a slot: a build may copy it there."""
        path = os.path.normpath(PurePosixPath(self.folder, name))
        if not path.startswith("../") or not (top / path).exists():
            return None
        above, first, *_ = (*PurePosixPath(path).parts, "..")
        file = (top / above / first).resolve()
        if path.endswith(".."):
            return None
        why = f"{path} is beside your checkout, and a slot has nothing beside it"
        if first == ".." or _is_large(file):
            return Advice(f"{why}: name it by an absolute path")
        build = self.ground.hunt.build
        target = shlex.quote(os.path.relpath(f"../{first}", build.folder if build else self.folder))
        copy = f"rm -rf {target} && cp -a {shlex.quote(str(file))} {target}"
        if build and not isinstance(build.command, str):
            return Advice(f"{why}: let the build make it: {copy}")
        if build and copy in build.command:
            return None
        return advice_to_set(why, "build.command", f"{copy} && {build.command}" if build else copy)

    def _overlaid(self, why: str, entry: dict[str, str]) -> Advice:
        before = self.ground.hunt.model_dump(mode="json", exclude_defaults=True).get("overlay", [])
        return advice_to_set(why, "overlay", [entry], before)

    def _is_ignored(self, path: str) -> bool:
        how = ("--others", "--ignored", "--exclude-standard")
        return bool(self.ground.repository.git("--literal-pathspecs", "ls-files", *how, "--", path))

    def _has(self, commit: str, path: str) -> bool:
        (found,) = object_ids(self.ground.repository, [commit], [path])
        return bool(found[0])

    def _head(self) -> str:
        try:
            return self.ground.repository.resolve("HEAD")
        except HistoryError:
            return ""


def _named(revision: str, commit: str) -> str:
    return f"{revision} ({commit[:12]})"


def _inside(folder: str, name: str, top: Path | None) -> str | None:
    """The path of `name` from the top of the repository; None if it lies outside of it."""
    if name.startswith("/"):
        if top is None or not Path(name).is_relative_to(top):
            return None
        name, folder = str(Path(name).relative_to(top)), "."
    path = PurePosixPath(os.path.normpath(PurePosixPath(folder, name))).as_posix()
    return None if path in (".", "..") or path.startswith(("../", "/")) or ".git" in path.split("/") else path


def _is_large(path: Path) -> bool:
    """Whether a file or folder is too large, or too full, to be copied into every slot."""
    if path.is_file():
        return path.stat().st_size > _LARGEST
    size = 0
    for number, file in enumerate(path.rglob("*")):
        size += file.lstat().st_size
        if number > _MOST_FILES or size > _LARGEST:
            return True
    return False


def is_product(path: Path) -> bool:
    """Whether a file was compiled: in another commit it would be an old one. In a folder, any file counts."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return any(_begins_like(file) for file in files)


def _begins_like(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(8).startswith(_MADE)
    except OSError:
        return False


def _environment_of(path: Path, top: Path) -> str:
    """The virtual environment of Python that a path lies in, from `top`; '' for none."""
    for folder in (path, *path.parents):
        if not folder.is_relative_to(top) or folder == top:
            return ""
        if (folder / "pyvenv.cfg").is_file():
            return folder.relative_to(top).as_posix()
    return ""
