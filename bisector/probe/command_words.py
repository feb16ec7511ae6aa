"""What a command line names: programs on PATH, and files outside of the repository.

Every word is looked at, not only the first of each simple command: `env`, `timeout` or `xargs` may stand
before the program, `sh` before the script. A word that happens to be the name of a program makes two starts
differ when that program is replaced, which costs some readings but is never wrong.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from string import Template

from bisector.errors import EnvironmentFault
from bisector.probe.contents import file_digest

_OPERATORS = "();<>|&\n"
_WRITES = re.compile(r"[<&\d]*>[>|&]*")
_DEEPEST = 4
"""`sh -c "sh -c '...'"`: so many lines in lines are taken apart."""
_ASSIGNED = re.compile(r"[\w.-]+=(?P<value>.+)", re.DOTALL)
_OUTPUT_OPTIONS = ("-o", "--output")
_BEFORE_COMMANDS = frozenset(
    ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "exec", "command"]
)
"""Words of the shell after which a command begins."""
_OF_THE_SHELL = """
    fi done esac for case select in function alias bg break builtin cd continue declare echo eval exit export
    false fg getopts hash jobs kill let local printf pwd read readonly return set shift shopt source test
    times trap true type typeset ulimit umask unalias unset wait
"""
# Its other words, and the commands that it has itself, in POSIX or in bash.
_PROGRAM = re.compile(r"[^\W\d][\w.+-]*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command line; `folder` is where it stands, '' for where the line begins."""

    text: str
    folder: str = ""
    written: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command runs: its environment, and the folder of the user's own checkout, if there is one."""

    environment: Mapping[str, str]
    work_tree: Path | None = None
    folder: str = "."


def programs(command: str | Sequence[str], place: Place) -> dict[str, tuple[str, int, int]]:
    """For each word that PATH leads to a program: its path (links followed), its size and last change."""
    found = {}
    for word in _words(command, place.environment):
        path = shutil.which(word.text, path=place.environment.get("PATH", "")) if _is_name(word) else None
        if path:
            real = Path(path).resolve()
            facts = real.stat()
            found[word.text] = (str(real), facts.st_size, facts.st_mtime_ns)
    return found


def begins_with(command: str | Sequence[str]) -> tuple[str, ...]:
    """The bare names of programs that the simple commands of a line begin with, in order.

    Words and functions of the shell are none, and in a line that sets PATH nothing is known.
    """
    if not isinstance(command, str):
        return tuple(word for word in command[:1] if _PROGRAM.fullmatch(word))
    tokens, found = _tokens(command), []
    begins, is_target = True, False
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        if token.startswith("PATH="):
            return ()
        if token and set(token) <= {*_OPERATORS}:
            is_target = bool(set(token) & set("<>"))
            begins = begins if is_target else token != ";;"  # After that comes a pattern of a `case`.
        elif is_target:
            is_target = False
        elif begins and not _ASSIGNED.fullmatch(token):
            begins = token in _BEFORE_COMMANDS
            if not begins and after != "()" and _PROGRAM.fullmatch(token):
                found.append(token)
    functions = {token for token, after in pairwise(tokens) if after.startswith("(")}
    return tuple(dict.fromkeys(name for name in found if name not in {*_OF_THE_SHELL.split(), *functions}))


def files(command: str | Sequence[str], place: Place) -> dict[str, str]:
    """The files outside of the repository that the words name, with digests of their contents.

    What the command writes (`> FILE`, `tee FILE`, `-o FILE`) does not count, nor do folders and empty files,
    which mark a state and hold nothing. Raises
    `EnvironmentFault` for a file that cannot be read.
    """
    found = {}
    words = [(word, path) for word in _words(command, place.environment) if (path := _outside(word, place))]
    written = {path for word, path in words if word.written}
    for path in dict.fromkeys(path for _, path in words if path not in written):
        try:
            if path.is_file() and path.stat().st_size:
                found[str(path)] = file_digest(path)
        except PermissionError as error:
            raise EnvironmentFault(f"{path}, which a command names, cannot be read; mend its mode") from error
        except (OSError, ValueError):
            continue  # No path at all: too long, or with a NUL in it.
    return found


def _is_name(word: Word) -> bool:
    return bool(word.text) and "/" not in word.text and "\0" not in word.text


def _outside(word: Word, place: Place) -> Path | None:
    """The path that a word is, where it leads out of what a slot holds."""
    if "/" not in word.text or "\0" in word.text:
        return None
    path = Path(word.folder, word.text)
    if path.is_absolute():
        return None if path.is_relative_to("/dev") or path.is_relative_to("/proc") else path
    if place.work_tree is None:
        return None
    path = Path(os.path.normpath(place.work_tree / place.folder / path))
    return None if path.is_relative_to(place.work_tree) else path


def _words(
    command: str | Sequence[str], environment: Mapping[str, str], depth: int = 0, folder: str = ""
) -> Iterator[Word]:
    """The words of a line, those of lines within it (`sh -c "..."`) too; variables have their values."""
    tokens = _tokens(command) if isinstance(command, str) else list(command)
    before, first = "", ""
    for token in tokens:
        if isinstance(command, str) and token and set(token) <= {*_OPERATORS}:
            before, first = token, "" if set(token) & set(";|&(\n") and ">" not in token else first
            continue
        written = bool(_WRITES.fullmatch(before)) or before in _OUTPUT_OPTIONS or first == "tee"
        first = first or token
        text = _at_home(Template(token).safe_substitute(environment).strip("`$"), environment)
        yield Word(text, folder, written)
        yield from _parts(text, environment, depth, folder)
        folder = text if before == "cd" else folder
        before = token


def _at_home(text: str, environment: Mapping[str, str]) -> str:
    """`~/...` with the home of the environment, `~name/...` with that of another user."""
    if text == "~" or text.startswith("~/"):
        return environment.get("HOME", "") + text[1:]
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:
        return text


def _parts(text: str, environment: Mapping[str, str], depth: int, folder: str) -> Iterator[Word]:
    """The words within a word: the value of an assignment or option, a line of its own."""
    if assigned := _ASSIGNED.fullmatch(text.lstrip("-")):
        yield Word(_at_home(assigned["value"], environment), folder)
    if depth < _DEEPEST and any(c.isspace() or c in _OPERATORS or c == "`" for c in text):
        yield from _words(text.replace("`", " ; "), environment, depth + 1, folder)


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        return list(lexer)
    except ValueError:  # A quote without its end, as in a here-document.
        return [word.strip("'\"") for word in line.split()]
