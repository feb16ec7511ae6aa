"""A real world in a folder: its repository, its hunt file, and bisector in it."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from bisector.report.html import template
from tests.chaos.scene import marked
from tests.git_history import Node, git, write_history
from tests.sacred.snapshot import changes, snapshot
from tests.worlds.world import FOLDER, Start, World

_MARK = "CHAOS_MARK"
_LONGEST = 120.0
"""Seconds after which a start counts as hung."""

_GIT_CONFIG = "[user]\n\tname = T\n\temail = t@example.org\n[init]\n\tdefaultBranch = main\n"


@dataclass(frozen=True)
class Run:
    """The result of bisector: its exit code (None if it hung), and its output."""

    code: int | None
    out: str
    err: str
    seconds: float
    left: Mapping[str, object]
    """Leftovers in places that should be empty."""

    @property
    def summary(self) -> dict[str, Any]:
        """The output of `--json`, or an empty mapping if there is none."""
        try:
            found: dict[str, Any] = json.loads(self.out)
        except ValueError:
            return {}
        return found


class Scene:
    """A world in the folder `folder`."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        for below in ("home", "tmp", "bin"):
            (folder / below).mkdir(parents=True)
        (folder / "home/.gitconfig").write_text(_GIT_CONFIG)
        self._library = write_history(folder / "lib", world.library) if world.library else {}
        self.ids = write_history(folder / "repo", [self._here(node) for node in world.nodes])
        if world.library:
            git(
                folder / "repo",
                "-c",
                "protocol.file.allow=always",
                "submodule",
                "--quiet",
                "update",
                "--init",
            )
        self._hunt = dict(world.hunt)
        self._mark = f"{folder.name}-{os.getpid()}-{time.monotonic_ns()}"
        self._killed = False

    def run(self, start: Start) -> Run:
        """Prepare a start and run bisector."""
        for path, text in start.files.items():
            self._write(path, text)
        for branch, at in start.branches.items():
            git(self.folder / "repo", "branch", "-f", branch, self.ids[at])
        self._write_hunt(start)
        before, began = snapshot(self.folder / "repo"), time.monotonic()
        code = self._fork(start)
        seconds = time.monotonic() - began
        self._killed |= start.killed_after is not None
        out, err = ((self.folder / one).read_text(errors="replace") for one in ("out", "err"))
        touched = changes(before, snapshot(self.folder / "repo"))
        left = {} if start.killed_after is not None else self._left()
        repository = [f"{os.fsdecode(path)} {what}" for path, what in sorted(touched.items())[:5]]
        return Run(code, out, err, seconds, left | ({"repository": repository} if touched else {}))

    def _here(self, node: Node) -> Node:
        files = {path: text and self._with_folder(text) for path, text in (node.files or {}).items()}
        links = {
            path: self._library[files[path] or ""] for path, mode in node.modes.items() if mode == "160000"
        }
        return Node(node.name, node.parents, {**files, **links}, node.modes)

    def _with_folder(self, text: str) -> str:
        return text.replace(FOLDER, str(self.folder))

    def _write(self, path: str, text: str | None) -> None:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(self._with_folder(text))
            file.chmod(0o755)

    def _write_hunt(self, start: Start) -> None:
        self._hunt |= start.hunt
        document = {"repository": "repo", "scratch": "scratch", **self._hunt}
        for end in ("good", "bad"):
            document[end] = self.ids.get(document[end], document[end])
        environment = document.get("environment", {})
        variables = {**environment.get("set", {}), _MARK: self._mark}
        document["environment"] = {**environment, "set": variables}
        self._write("hunt.yaml", yaml.safe_dump(document))

    def _fork(self, start: Start) -> int | None:
        """Run bisector in a child. Returns its exit code: negative for a signal, None if it hung."""
        child = os.fork()
        if not child:
            self._be_bisector(start)
        limit = time.monotonic() + (start.killed_after or _LONGEST)
        while time.monotonic() < limit:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None

    def _be_bisector(self, start: Start) -> NoReturn:
        code = os.EX_SOFTWARE
        try:
            os.chdir(self.folder)
            for number, where in ((0, os.devnull), (1, "out"), (2, "err")):
                os.dup2(os.open(where, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
            self._set_environment(start)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            sys.argv = ["bisector", "run", "--config", "hunt.yaml", "--json", *start.arguments]
            from bisector.cli.main import run

            code = run(sys.argv[1:])
        finally:
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):
                    stream.flush()
            os._exit(code)

    def _set_environment(self, start: Start) -> None:
        home = self.folder / "home"
        os.environ.update(HOME=f"{home}", XDG_CACHE_HOME=f"{home}/.cache", TMPDIR=f"{self.folder}/tmp")
        os.environ.update(GIT_CONFIG_NOSYSTEM="1", PATH=f"{self.folder}/bin:{os.environ['PATH']}")
        os.environ.update(start.variables)

    def _left(self) -> dict[str, object]:
        scratch, temporary = self.folder / "scratch", self.folder / "tmp"
        found = {
            "processes": marked(self._mark),
            "slots": [str(path.relative_to(scratch)) for path in scratch.glob("slots/*")],
            "temporary": [p.name for p in temporary.iterdir() if p.name not in self.world.private],
        }
        if self._killed:
            del found["temporary"]
        return {name: what for name, what in found.items() if what}


def warm_up() -> None:
    """Import what every start needs, and compile the report's template, once for all children."""
    for module in ("cli.app", "cli.commands.hunting", "cli.main", "cli.run"):
        importlib.import_module(f"bisector.{module}")
    for module in ("numpy.ma", "numpy.random", "regex"):
        importlib.import_module(module)
    template()
