"""What a command line names: programs on PATH, and files outside the repository.

Every word counts, not only the first of each simple command: `env`, `timeout` or `xargs` may precede the
program, `sh` the script. If an argument happens to be the name of a program, replacing that program makes two
starts differ. That costs some readings but is never wrong.
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

from bisector.probe.named_files import is_file, module, with_named

_OPERATORS = "();<>|&\n"
_WRITES = re.compile(r"[<&\d]*>[>|&]*")
_DEEPEST = 4
"""Levels of `sh -c "sh -c '...'"` that are parsed."""
_ASSIGNED = re.compile(r"[\w.-]+=(?P<value>.+)", re.DOTALL)
_OUTPUT_OPTIONS = ("-o", "--output")
_BEFORE_COMMANDS = frozenset(
    ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "exec", "command"]
)
"""Shell words that a command may follow."""
_OF_THE_SHELL = """
    fi done esac for case select in function alias bg break builtin cd continue declare echo eval exit export
    false fg getopts hash jobs kill let local printf pwd read readonly return set shift shopt source test
    times trap true type typeset ulimit umask unalias unset wait
"""
# Other reserved words and builtins, of POSIX or bash.
_INTERPRETER = re.compile(
    r"(/usr)?(/bin/)?(ba|da|z|k|a)?sh|python[\d.]*|perl|ruby|node|lua[\d.]*|tclsh[\d.]*|php|Rscript|ocaml"
)
_SHELL_VALUED = r"[-+][a-zA-Z]*[oO]|--rcfile|--init-file"
_VALUED = "-[WXr]|--require|--import|--loader"
"""Options of interpreters that a word of their own follows."""
_PREFIXES = ("env", "exec", "nice", "time", "timeout")
_LIMIT = re.compile(r"[\d.]+[smhd]?")
_PROGRAM = re.compile(r"[^\W\d][\w.+-]*")
_FILE = r"[^-~/$*?`=\[\]{}\0\n][^/$*?`=\[\]{}\0\n]*"
"""The name of a file in a command line, without variables and patterns."""
_PATH = re.compile(rf"{_FILE}(/{_FILE})+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command line; `folder` is its working directory, '' for that of the line."""

    text: str
    folder: str = ""
    written: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command runs: its environment, the user's own checkout (if any), and the folder in it."""

    environment: Mapping[str, str]
    work_tree: Path | None = None
    folder: str = "."


def programs(command: str | Sequence[str], place: Place) -> dict[str, tuple[str, int, int]]:
    """For each word that is a program on PATH: its path (links followed), size and modification time (ns)."""
    found = {}
    for word in words(command, place.environment):
        path = shutil.which(word.text, path=place.environment.get("PATH", "")) if _is_name(word) else None
        if path:
            real = Path(path).resolve()
            facts = real.stat()
            found[word.text] = (str(real), facts.st_size, facts.st_mtime_ns)
    return found


def begins_with(command: str | Sequence[str]) -> tuple[str, ...]:
    """The bare program names that start the simple commands of a line, in order.

    Shell words, builtins and functions do not count. A line that sets PATH yields nothing.
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
            begins = begins if is_target else token != ";;"  # A `case` pattern follows.
        elif is_target:
            is_target = False
        elif begins and not _ASSIGNED.fullmatch(token):
            begins = token in _BEFORE_COMMANDS
            if not begins and after != "()" and _PROGRAM.fullmatch(token):
                found.append(token)
    functions = {token for token, after in pairwise(tokens) if after.startswith("(")}
    return tuple(dict.fromkeys(name for name in found if name not in {*_OF_THE_SHELL.split(), *functions}))


def script(command: str | Sequence[str]) -> str:
    """The script that a command begins with, as in `sh test.sh`; '' if it begins with anything else.

    `env`, `timeout` and the like may precede the interpreter. A script with variables or patterns in its name
    does not count.
    """
    tokens = _tokens(command) if isinstance(command, str) else list(command)
    interpreter = before = ""
    for token in tokens:
        option, before = before, token
        if set(token) <= {*_OPERATORS}:
            break
        if interpreter and _takes_value(interpreter, option):
            continue
        if interpreter and not token.startswith(("-", "+")):
            return token if re.fullmatch(rf"{_FILE}(/{_FILE})*", token) else ""
        if interpreter and re.match(r"-[a-z]*c" if interpreter.endswith("sh") else "-[cem]", token):
            break  # Inline code, or a module.
        if interpreter:
            continue
        if _INTERPRETER.fullmatch(token):
            interpreter = token
        elif not (_ASSIGNED.fullmatch(token) or token in _PREFIXES or _LIMIT.fullmatch(token)):
            break
    return ""


def _takes_value(interpreter: str, option: str) -> bool:
    """Whether the word after an option belongs to it, as in `bash -o pipefail`."""
    return bool(re.fullmatch(_SHELL_VALUED if interpreter.endswith("sh") else _VALUED, option))


def scripts(command: str | Sequence[str]) -> list[str]:
    """The relative paths of scripts that a line runs, as in `./check.sh` or `sh check.sh`."""
    if not isinstance(command, str):
        first = [word for word in command[:1] if "/" in word]
        return [*first, *filter(None, [script(command)])]
    found, begins = [], True
    for token in _tokens(command):
        if token and set(token) <= {*_OPERATORS}:
            begins = not set(token) & set("<>")
            continue
        if begins and _PATH.fullmatch(token):
            found.append(token)
        begins = begins and _may_precede(token)
    return list(dict.fromkeys([*found, *filter(None, [script(command)])]))


def _may_precede(token: str) -> bool:
    """Whether a program may follow a token at the start of a command."""
    before = token in _BEFORE_COMMANDS or token in _PREFIXES
    return before or bool(_ASSIGNED.fullmatch(token) or _LIMIT.fullmatch(token))


def files(command: str | Sequence[str], place: Place) -> dict[str, str]:
    """The files outside the repository that the words name, and what those name, with digests of contents.

    Files that the command writes (`> FILE`, `tee FILE`, `-o FILE`) do not count, nor do folders and empty
    files, which only mark a state. Raises `EnvironmentFault` for an unreadable file.
    """
    every = list(words(command, place.environment))
    search = [Path(path) for path in place.environment.get("PYTHONPATH", "").split(os.pathsep)]
    outside = [path for path in search if path.is_absolute()]
    outer = [(word, path) for word in every if (path := _outside(word, place))]
    written = {path for word, path in outer if word.written}
    found = [path for _, path in outer if path not in written and is_file(path)]
    for before, word in pairwise(every):
        if before.text == "-m":
            found += module(word.text, outside)
    return {str(path): digest for path, digest in with_named(found, outside).items() if path not in written}


def _is_name(word: Word) -> bool:
    return bool(word.text) and "/" not in word.text and "\0" not in word.text


def _outside(word: Word, place: Place) -> Path | None:
    """The path that a word names, if it lies outside the slot."""
    if ("/" not in word.text and not word.folder) or "\0" in word.text:
        return None
    path = Path(word.folder, word.text)
    if path.is_absolute():
        return None if path.is_relative_to("/dev") or path.is_relative_to("/proc") else path
    if place.work_tree is None:
        return None
    path = Path(os.path.normpath(place.work_tree / place.folder / path))
    return None if path.is_relative_to(place.work_tree) else path


def words(
    command: str | Sequence[str], environment: Mapping[str, str], depth: int = 0, folder: str = ""
) -> Iterator[Word]:
    """The words of a line and of lines nested in it (`sh -c "..."`), with variables expanded."""
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
    """Expand `~/...` by HOME of the environment, `~name/...` by that user's home."""
    if text == "~" or text.startswith("~/"):
        return environment.get("HOME", "") + text[1:]
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:
        return text


def _parts(text: str, environment: Mapping[str, str], depth: int, folder: str) -> Iterator[Word]:
    """The words in a word: the value of an assignment or option, or a nested command line."""
    if assigned := _ASSIGNED.fullmatch(text.lstrip("-")):
        yield Word(_at_home(assigned["value"], environment), folder)
    if depth < _DEEPEST and any(c.isspace() or c in _OPERATORS or c == "`" for c in text):
        yield from words(text.replace("`", " ; "), environment, depth + 1, folder)


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        return list(lexer)
    except ValueError:  # An unclosed quote, as in a here-document.
        return [word.strip("'\"") for word in line.split()]
