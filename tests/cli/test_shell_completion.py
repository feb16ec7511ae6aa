"""Completion in the real shells, with the scripts that the wheel installs."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from scripts.reference.completions import completions

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb"}
SECONDS = 60.0

CASES = [
    ("bisector expl", ["explain"]),
    ("bisector run --predicate peak", ["peak_memory"]),
    ("bisector run --ev", ["--events"]),
    ("bisector schema out", ["output"]),
    ("bisector demo make there --scenario jit", ["jit-miss"]),
    ("bisector run --config h", ["hunt.yaml"]),
]
needs = {
    shell: pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed")
    for shell in ("bash", "zsh", "fish")
}
every_case = pytest.mark.parametrize(("line", "offered"), CASES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a hunt file."""
    (tmp_path / "hunt.yaml").touch()
    return tmp_path


def of_shell(command: list[str], folder: Path) -> str:
    """The output of a shell."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=SECONDS, env=ENVIRONMENT
    )
    return done.stdout


def test_the_scripts_are_up_to_date_and_installed() -> None:
    """Each is what the code would write now, and the wheel installs it where its shell looks."""
    written = completions()
    for place, script in written.items():
        assert (ROOT / place).read_text(encoding="utf-8") == script, "run `make docs`: completions/ is old"
    files = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    installed = {place for places in files.values() for place in places if place.startswith("completions/")}
    assert installed == set(written)


@needs["bash"]
@every_case
def test_bash(line: str, offered: list[str], folder: Path) -> None:
    """Bash offers these for the last word."""
    script = ROOT / "completions/bash/bisector"
    words = " ".join(f"'{word}'" for word in line.split(" "))
    asks = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _bisector_completion bisector"
    told = of_shell(
        ["bash", "--norc", "-c", f'source {script}; {asks}; printf "%s\\n" "${{COMPREPLY[@]}}"'], folder
    )
    assert told.split() == offered


@needs["fish"]
@every_case
def test_fish(line: str, offered: list[str], folder: Path) -> None:
    """Fish offers these, each perhaps with a description."""
    script = ROOT / "completions/fish/bisector.fish"
    told = of_shell(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], folder)
    assert [row.split("\t")[0] for row in told.splitlines()] == offered


@needs["zsh"]
@pytest.mark.parametrize("how", ["fpath", "source"])
@every_case
def test_zsh(line: str, offered: list[str], how: str, folder: Path) -> None:
    """On a terminal, Tab completes the word at the first time, from a folder of fpath or a file."""
    script = ROOT / "completions/zsh/_bisector"
    begin = f"fpath=({script.parent} $fpath); autoload -Uz compinit; compinit -u -D"
    if how == "source":
        begin = f"autoload -Uz compinit; compinit -u -D; source {script}"
    assert (
        on_terminal(f"bindkey -e; PROMPT=; {begin}", line, folder)
        == f"{line.rpartition(' ')[0]} {offered[0]}"
    )


def on_terminal(begin: str, line: str, folder: Path) -> str:
    """What `line` has become after Tab: moved to its beginning, the shell is told to print it."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        ["zsh", "-f", "-i"], cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=ENVIRONMENT
    )
    os.close(follower)
    try:
        screen = _until(leader, b"", f"{begin}; print READY''NOW\n", rb"READYNOW")
        screen = _until(leader, screen, f"{line}\t\x01print -r -- LINE''IS: \n", rb"LINEIS: ([^\r\n]*)")
        (found,) = re.findall(rb"LINEIS: ([^\r\n]*)", screen)
        return str(found.decode()).strip()
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def _until(leader: int, screen: bytes, typed: str, wanted: bytes) -> bytes:
    """The screen once it shows what is `wanted` after something was typed."""
    os.write(leader, typed.encode())
    until = time.monotonic() + SECONDS
    while not re.search(wanted + rb"[\r\n]", screen):
        assert time.monotonic() < until, screen
        if select.select([leader], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):
                screen += os.read(leader, 65536)
    return screen
