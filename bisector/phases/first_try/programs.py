"""Programs and scripts that cannot start: not installed, not executable, with Windows line ends."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground
from bisector.hunt_file import Place

_NOT_FOUND = re.compile(
    r"(?:^|[:\s])['\"`\u2018]?(?P<name>[A-Za-z_][\w.+-]*)['\"\u2019]?: (?:command )?not found$"
    r"|command not found: (?P<zsh>[\w.+-]+)$"
    r"|\benv: ['\"\u2018]?(?P<env>[\w.+-]+)['\"\u2019]?: No such file",
    re.MULTILINE,
)
_SHEBANG = re.compile(r"#! *(?P<program>\S+)(?: +(?P<argument>\S+))?")
_MOST = 3
_NOT_EXECUTABLE = 126
"""A shell's exit code for a command that it may not execute."""


def advice_on_missing(ground: Ground, said: str) -> Iterator[Advice]:
    """The programs that the output reports as not found and that are not on the PATH of tests."""
    path = ground.seen.get("PATH")
    missing = [name for name in not_found_in(said) if shutil.which(name, path=path) is None]
    for name in missing[:_MOST]:
        if _is_first_word(ground.hunt.test.command, name) and _is_script_at_head(ground, name):
            yield _in_this_folder(ground, name)
            continue
        yield Advice(
            f"`{name}` is not on the PATH that tests see (aliases and functions of your shell do not count): "
            "install it, and run the same command"
        )


def not_found_in(said: str) -> list[str]:
    """The names of programs that shells and `env` report as not found, each once."""
    names = (next(filter(None, found.groups())) for found in _NOT_FOUND.finditer(said))
    return list(dict.fromkeys(names))


def _in_this_folder(ground: Ground, name: str) -> Advice:
    command = ground.hunt.test.command
    line = command if isinstance(command, str) else shlex.join(command)
    why = f"a shell looks for `{name}` only on the PATH, and it is a file of the test's folder"
    return advice_to_set(why, "test.command", f"./{line.lstrip()}")


def _is_script_at_head(ground: Ground, name: str) -> bool:
    path = PurePosixPath(ground.hunt.test.folder, name).as_posix()
    return bool(_text(ground, ground.repository.resolve("HEAD"), path))


def _is_first_word(command: str | tuple[str, ...], name: str) -> bool:
    words = command.split() if isinstance(command, str) else command
    return words[:1] in ([name], (name,))


def advice_on_scripts(
    ground: Ground, commit: str, folder: str, named: Sequence[str], exit_code: int | None
) -> Iterator[Advice]:
    """What keeps the scripts that a command names from running as they should in `commit`."""
    for name in named:
        if PurePosixPath(name).is_absolute():
            yield from _without_permission(Path(name), exit_code)
            continue
        path = PurePosixPath(folder, name).as_posix().removeprefix("./")
        text = _text(ground, commit, path)
        first = _SHEBANG.match(text)
        if "\r\n" in text and (first or path.endswith((".sh", ".bash"))):
            yield _with_unix_line_ends(ground, path)
        elif first and first["program"].startswith("/") and not Path(first["program"]).exists():
            yield Advice(f"{path} begins with `{first[0]}`, and this machine has no {first['program']}")
        if exit_code == _NOT_EXECUTABLE and text:
            yield _by_its_interpreter(ground, name, first)
            return


def _without_permission(file: Path, exit_code: int | None) -> Iterator[Advice]:
    """How to let tests read or execute a file outside of the repository."""
    if not file.is_file():
        return
    line = shlex.quote(str(file))
    if not os.access(file, os.R_OK):
        yield Advice(f"{file} cannot be read", command=f"chmod u+rx {line}")
    elif exit_code == _NOT_EXECUTABLE and not os.access(file, os.X_OK):
        yield Advice(f"{file} is not executable", command=f"chmod u+x {line}")


def _text(ground: Ground, commit: str, path: str) -> str:
    """The text of a script, from the commit or from the overlay that brings it."""
    for change in ground.hunt.overlay:
        if isinstance(change, Place) and change.to == path and change.file.is_file():
            return change.file.read_bytes().decode(errors="replace")
    return ground.repository.text(commit, path)


def _with_unix_line_ends(ground: Ground, path: str) -> Advice:
    entry = {"edit": path, "find": "\r", "replace": "", "optional": True}
    before = ground.hunt.model_dump(mode="json", exclude_defaults=True).get("overlay", [])
    why = f"{path} has Windows line ends, so a shell takes the carriage return as part of each line"
    return advice_to_set(why, "overlay", [entry], before)


def _by_its_interpreter(ground: Ground, name: str, first: re.Match[str] | None) -> Advice:
    program = PurePosixPath(first["program"].strip("\r")).name if first else "sh"
    if first and program == "env" and first["argument"]:
        program = first["argument"].strip("\r")
    command = ground.hunt.test.command
    shell = command if isinstance(command, str) else shlex.join(command)
    return advice_to_set(
        f"{name} is not executable in this commit", "test.command", f"{shlex.quote(program)} {shell}"
    )
