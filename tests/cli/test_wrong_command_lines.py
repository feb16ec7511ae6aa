"""Every kind of wrong command line gives its exit code and message, and changes nothing."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bisector.__main__ import _for_git
from bisector.cli.main import run
from tests.cli.scene import digest, write_scene

CORPUS = Path(__file__).with_name("wrong_command_lines.txt")
"""Pairs of lines: the words after `bisector`, then after `> ` the exit code and the sentence, in which `*`
stands for anything and HERE for the current folder. Lines that begin with `#` are headings."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _cases() -> list[tuple[str, int, str]]:
    lines = [line for line in CORPUS.read_text().splitlines() if not line.startswith("#")]
    answers = [line.removeprefix("> ").split(": ", 1) for line in lines[1::2]]
    return [(words, int(code), text) for words, (code, text) in zip(lines[::2], answers, strict=True)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder to start in. Home and temporary files are next to it, where changes are noticed."""
    folder = tmp_path_factory.mktemp("scene")
    kept, here, handlers = dict(os.environ), Path.cwd(), [signal.getsignal(one) for one in SIGNALS]
    repo = write_scene(folder)
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    os.environ.update(HOME=f"{folder}/home", XDG_CACHE_HOME=f"{folder}/home/.cache", TMPDIR=f"{folder}/tmp")
    os.environ.update(COLUMNS="200", TERM="dumb")
    os.chdir(repo)
    yield repo
    os.chdir(here)
    os.environ.clear()
    os.environ.update(kept)
    for one, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(one, handler)


@pytest.fixture(scope="module")
def untouched(scene: Path) -> str:
    """The state of the scene, with repositories and scratch folders, before any command."""
    return digest(scene.parent)


@pytest.mark.parametrize(("line", "code", "sentence"), _cases(), ids=lambda part: str(part)[:60])
def test_a_wrong_command_line_is_refused_in_one_sentence(
    scene: Path,
    untouched: str,
    line: str,
    code: int,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The exit code, one sentence (after the usage if the words are no command), and no files left."""
    words = shlex.split(line)
    monkeypatch.setattr(sys, "argv", ["bisector", *words])
    assert (_for_git() if words[0] == "probe" else run(words)) == code
    *usage, said = capsys.readouterr().err.rstrip("\n").split("\n")
    assert not usage or (usage[0].startswith("Usage: bisector") and len(usage) == 3), usage
    said = said.removeprefix("bisector: ").removeprefix("Error: ")
    said = said.replace(f"{scene}/", "").replace(str(scene), "HERE").replace(f"{scene.parent}/", "../")
    assert fnmatchcase(said, sentence.replace("[", "[[]")), said
    assert digest(scene.parent) == untouched


def test_the_corpus_is_large_and_names_every_command() -> None:
    """The corpus has at least 200 command lines, and some for each command."""
    from typer.main import get_group

    from bisector.cli.app import app

    lines = [line for line, _, _ in _cases()]
    assert len(set(lines)) >= 200
    named = {word for line in lines for word in shlex.split(line)[:1]}
    assert set(get_group(app).commands) <= named
