"""A command with a pipe: its exit code is that of the last part, so that a failure before it is lost."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence

from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground
from bisector.predicate import Run

_PIPES = ("|", "|&")
_ENDS = ("&&", "||", ";", "&", "(", ")")
"""What separates a pipeline from other commands, as shlex splits them."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def advice_on_pipe(ground: Ground, run: Run | None) -> Iterator[Advice]:
    """What to write instead, if the test passed and the exit code of a part of its command is lost."""
    command = ground.hunt.test.command
    line = command if isinstance(command, str) else shlex.join(command)
    if run is None or run.exit_code != 0 or ground.hunt.predicate.name != "exit_status" or "pipefail" in line:
        return
    pipeline = pipeline_in(line)
    if pipeline is None:
        return
    lost, last = pipeline
    why = f"the command has a pipe, whose exit code is that of `{last}`: a failure of `{lost}` is lost"
    if bash := _bash(ground.seen):
        yield advice_to_set(why, "test.command", f"{bash} -o pipefail -c {shlex.quote(line)}")
    else:
        yield Advice(f"{why}; leave out what follows the pipe, since bisector keeps the output in a log")


def pipeline_in(line: str) -> tuple[str, str] | None:
    """The first and the last program of the first pipeline in a shell command.

    Also of a command in quotes after `-c`. None if there is no pipe.
    """
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.commenters = ""
    try:
        tokens = list(words)
    except ValueError:  # A quote that is not closed is the shell's to report.
        return None
    inner = (tokens[at + 1] for at, word in enumerate(tokens[:-1]) if word == "-c")
    return _first_in(tokens) or next(filter(None, map(pipeline_in, inner)), None)


def _first_in(tokens: Sequence[str]) -> tuple[str, str] | None:
    pipe = next((at for at, word in enumerate(tokens) if word in _PIPES), None)
    if pipe is None:
        return None
    begin = max((at + 1 for at, word in enumerate(tokens[:pipe]) if word in _ENDS), default=0)
    end = next((at for at, word in enumerate(tokens) if at > pipe and word in _ENDS), len(tokens))
    last = max(at for at in range(begin, end) if tokens[at] in _PIPES)
    return _program(tokens[begin:pipe]), _program(tokens[last + 1 : end])


def _program(words: Sequence[str]) -> str:
    """The program of a simple command, without assignments before it."""
    return next((word for word in words if not _ASSIGNMENT.match(word)), "")


def _bash(environment: Mapping[str, str]) -> str | None:
    return "bash" if shutil.which("bash", path=environment.get("PATH")) else None
