"""Which targets one run of the test is asked about: in its command, in a variable and in a file.

`{targets}` in `test.command` stands for the names, quoted for the shell. The test also finds them in
`BISECTOR_TARGETS`, one a line, and in the file `BISECTOR_TARGETS_FILE`. The whole test has no names.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bisector.probe.temporary import tool_folder

PLACE = "{targets}"
VARIABLE = "BISECTOR_TARGETS"
FILE = "BISECTOR_TARGETS_FILE"
LONGEST = 100_000
"""Bytes of names in a command or a variable: Linux allows 128 KiB in one argument."""

_PLACE = re.compile(r"(?<!\$)\{targets\}")
"""Not the shell's own variable `${targets}`."""

Command = str | tuple[str, ...]


def selects(command: Command) -> bool:
    """Whether the command says where the names of targets go, or reads them."""
    return has_place(command) or any(VARIABLE in word for word in _words(command))


def has_place(command: Command) -> bool:
    """Whether the names of targets become part of the command."""
    return any(_PLACE.search(word) for word in _words(command))


def _words(command: Command) -> Sequence[str]:
    return [command] if isinstance(command, str) else command


def with_names(command: Command, names: Sequence[str]) -> Command:
    """The command with the names in place of `{targets}`: one word each if that is a word of a list."""
    quoted = shlex.join(names)
    if isinstance(command, str):
        return _PLACE.sub(lambda _: quoted, command)
    words: list[str] = []
    for word in command:
        words += names if word == PLACE else [_PLACE.sub(lambda _: quoted, word)]
    return tuple(words)


def is_too_long(command: Command, names: Sequence[str]) -> bool:
    """Whether the names do not fit into the command."""
    return has_place(command) and len(shlex.join(names).encode()) > LONGEST


@contextlib.contextmanager
def told(names: Sequence[str] | None) -> Iterator[tuple[Mapping[str, str], tuple[Path, ...]]]:
    """The variables that tell a test its targets, and the folder of the file; nothing for None.

    `BISECTOR_TARGETS` is left out if the names are too long for it. Raises `InfrastructureFault` if the file
    cannot be written.
    """
    if names is None:
        yield {}, ()
        return
    text = "".join(f"{name}\n" for name in names)
    with tool_folder() as folder:
        file = folder / "targets.txt"
        file.write_text(text, encoding="utf-8")
        variables = {FILE: str(file)}
        if len(text.encode()) <= LONGEST:
            variables[VARIABLE] = text.rstrip("\n")
        yield variables, (folder,)
