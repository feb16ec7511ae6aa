"""Creates the pictures in docs/images/ from a real hunt in the sample history; needs tmux and Chromium.

python -m scripts.write_captures [--commits 120]

hunt-under-way.svg and hunt.svg show the terminal during and after `bisector run`; report.png
is the top of the report in a browser. The scratch folder's name is shown as `~`.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from bisector import demo

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTH, HEIGHT = 128, 60
COMMAND = "bisector run --config first-hunt/hunt.yaml"
LONGEST_HUNT = 900.0
PAGE = "1000,1220"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


class Terminal:
    """A tmux session that runs one command in `folder`; a context manager."""

    def __init__(self, folder: Path, command: str) -> None:
        self._folder = folder
        self._command = command
        self._socket = str(folder / "tmux")

    def __enter__(self) -> Terminal:
        size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
        # Set the option before the command can end: start with a sleeping pane.
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "hunt", *size, "sleep infinity")
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("respawn-pane", "-k", "-t", "hunt", "-c", str(self._folder), self._command)
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    @property
    def screen(self) -> str:
        """The screen, with colours as escape sequences and wrapped lines joined."""
        return self._tmux("capture-pane", "-p", "-e", "-J", "-S", "-", "-t", "hunt")

    @property
    def is_over(self) -> bool:
        """Whether the command has ended."""
        return self._tmux("display-message", "-p", "-t", "hunt", "#{pane_dead}").strip() == "1"

    def until(self, reached: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition; raises `SystemExit` after `seconds`."""
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end:
                raise SystemExit(f"the hunt did not get that far within {seconds:g} s:\n{self.screen}")
            time.sleep(0.2)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def picture(screen: str, title: str, folder: Path) -> str:
    """A screen as SVG, with the command on top."""
    lines = screen.replace(str(folder), "~").rstrip().splitlines()
    kept = [line.rstrip() for line in lines if not re.match(r"Pane is dead", plain(line))]
    text = Text.from_ansi("\n".join(kept).rstrip(), no_wrap=True)
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.assemble(("$ ", "dim"), COMMAND))
    console.print(text, soft_wrap=True)
    svg = console.export_svg(title=title, theme=MONOKAI, unique_id="bisector")
    # rich embeds a font that the reader's browser would fetch; any monospaced one will do.
    svg = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")


def plain(screen: str) -> str:
    """A screen without its escape sequences."""
    return Text.from_ansi(screen).plain


def photograph(page: Path, image: Path) -> None:
    """The top of an HTML page as a browser shows it."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={PAGE}"]
    command = [found(*BROWSERS), *options, f"--screenshot={image}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def found(*programs: str) -> str:
    """The first of these programs on PATH."""
    for program in programs:
        if shutil.which(program):
            return program
    raise SystemExit(f"the pictures need {' or '.join(programs)} on PATH; install it")


def hunted(folder: Path) -> tuple[str, str]:
    """Two screens: during a later test of the search, and at the end of the hunt."""
    program = f"{sys.executable} -m {COMMAND}"
    with Terminal(folder, f"env -u NO_COLOR COLORTERM=truecolor {program}") as terminal:
        terminal.until(lambda: terminal.is_over or is_searching(terminal.screen), LONGEST_HUNT)
        under_way = terminal.screen
        terminal.until(lambda: terminal.is_over, LONGEST_HUNT)
        return under_way, terminal.screen


def is_searching(screen: str) -> bool:
    """Whether a later commit of the search is being tested."""
    now = r"^   2  .*testing [0-9a-f]{12} .*left, about"
    return bool(re.search(now, plain(screen), re.MULTILINE | re.DOTALL))


def write(path: Path, text: str) -> None:
    """Write a text file with one newline at its end."""
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def main() -> None:
    """Create the sample history, hunt in it, and take the pictures if the answer is right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=120)
    commits = parser.parse_args().commits
    found("tmux")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="captures-") as name:
        folder = Path(name)
        sample = demo.make(folder / "first-hunt", "jit-miss", commits=commits)
        under_way, screen = hunted(folder)
        truth = json.loads(sample.truth.read_text())["first_bad"]
        if not is_searching(under_way) or f"first bad commit {truth[:12]}" not in plain(screen):
            raise SystemExit(f"this hunt is not suitable for the pictures:\n{screen}")
        write(IMAGES / "hunt-under-way.svg", picture(under_way, "a hunt under way", folder))
        write(IMAGES / "hunt.svg", picture(screen, "a hunt", folder))
        (report,) = (folder / "first-hunt/worktrees/reports").glob("*.html")
        photograph(report, IMAGES / "report.png")


if __name__ == "__main__":
    main()
