"""What a proposal looks at, the files of one commit, and what it finds there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Variables without which many tools download nothing behind a proxy."""
_TEST_SCRIPT = re.compile(r"(run[-_]?)?(tests?|check|bench(mark)?s?|smoke)(\.sh)?")


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one commit, and their texts."""

    files: tuple[str, ...]
    read: Callable[[str], str]
    installed: Callable[[str], bool] = lambda _program: True
    """Whether this machine has a program."""
    is_tested: bool = False
    """Whether the user names the test, so that a build system without one will do."""

    def nearest(self, *names: str) -> str | None:
        """The file with one of these names that is nearest to the top."""
        found = [file for file in self.files if PurePosixPath(file).name in names]
        return min(found, key=lambda file: (file.count("/"), file), default=None)

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return path in self.files or any(file.startswith(f"{path}/") for file in self.files)

    def test_scripts(self) -> list[str]:
        """Shell scripts that look like tests, nearest to the top first."""
        found = [
            file
            for file in self.files
            if _TEST_SCRIPT.fullmatch(PurePosixPath(file).name)
            and (file.endswith(".sh") or self._is_shell(file))
        ]
        return sorted(found, key=lambda file: (file.count("/"), file))

    def _is_shell(self, file: str) -> bool:
        return bool(re.match(r"#!.*\b(ba|da|z)?sh\b", self.read(file)[:80]))


@dataclass(frozen=True, slots=True)
class Install:
    """A section `setup`; paths are from the top of the repository."""

    command: str
    key: Sequence[str]
    keeps: Sequence[str]
    notes: Sequence[str] = ()
    folder: str = "."


@dataclass(frozen=True, slots=True)
class Found:
    """A build system found in a repository; notes become comments in the hunt file."""

    system: str
    seen: str
    test: str
    folder: str = "."
    test_folder: str = "."
    setup: Install | None = None
    no_setup: str = ""
    """Why packages need no `setup`, if the system downloads some."""
    build: str | None = None
    no_build: str = "the test runs on the sources as they are."
    build_notes: Sequence[str] = ()
    test_notes: Sequence[str] = ()
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    identity: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_note: str = ""
    variables: Sequence[str] = ()
    """Names of variables that tell the system's tools where to find or get things."""
    skip: Sequence[int] = ()
    skip_note: str = ""


def folder_of(file: str) -> str:
    """The folder that contains a file; `.` is the top."""
    return str(PurePosixPath(file).parent)


def within(folder: str, *names: str) -> tuple[str, ...]:
    """These names in a folder, as paths from the top of the repository."""
    return tuple(name if folder == "." else f"{folder}/{name}" for name in names)
