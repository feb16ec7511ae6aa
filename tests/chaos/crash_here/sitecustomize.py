"""Crash points for a real `bisector`: with this folder on PYTHONPATH, it kills itself at a given point.

    CHAOS_AT     point|when|nth|signal|seconds: at the nth call of the point; `when` is before, during
                 (so many seconds after its start) or after
    CHAOS_TRACE  file that gets a line for every reading that begins: role, commit, commit to compare with
    CHAOS_HIT    file that is created when the point is reached

The product does not know about this: functions are wrapped when their modules are imported.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

POINTS = {
    "journal begin": ("bisector.hunt.journal", "Journal.begin"),
    "journal add": ("bisector.hunt.journal", "Journal.add"),
    "in the transaction": ("bisector.hunt.stored", "reading_to_row"),
    "journal conclude": ("bisector.hunt.journal", "Journal.conclude"),
    "worktree add": ("bisector.history.worktree", "Worktree.create"),
    "checkout": ("bisector.history.worktree", "Worktree.checkout"),
    "worktree remove": ("bisector.history.worktree", "Worktree.remove"),
    "build": ("bisector.probe.build", "Builds._built_once"),
    "test": ("bisector.probe.test", "Tests.run"),
    "artefacts kept": ("bisector.probe.artefacts", "ArtefactStore.keep"),
    "artefact's bytes": ("bisector.probe.artefacts", "ArtefactStore._take"),
    "artefact's entry": ("bisector.probe.stored", "Entry.to_json"),
    "artefacts restored": ("bisector.probe.artefacts", "ArtefactStore.restore"),
    "lock let go": ("bisector.probe.file_lock", "FileLock.release"),
    "report": ("bisector.report.html", "write_html_report"),
    "progress log": ("bisector.cli.run", "write_entry"),
    "progress log half written": ("bisector.report.atomic_write", "_umask"),
    "progress log replaced": ("bisector.report.atomic_write", "_sync_folder"),
}
"""The location of each function, by the name of its point."""

_READ = ("bisector.engine.reader", "Reader.read")


class _Bomb:
    """Kills this process at one call of one function."""

    def __init__(self, when: str, nth: int, signal: int, seconds: float) -> None:
        self._when, self._left, self._signal, self._seconds = when, nth, signal, seconds

    def around(self, function: Any) -> Any:
        @functools.wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._when == "before":
                self._go_off()
            if self._left == 0 and self._when == "during":
                timer = threading.Timer(self._seconds, self._go_off)
                timer.daemon = True
                timer.start()
            due = self._left == 0 and self._when == "after"
            result = function(*given, **named)
            if due:
                self._go_off()
            return result

        return call

    def _go_off(self) -> None:
        Path(os.environ["CHAOS_HIT"]).touch()
        os.kill(os.getpid(), self._signal)


def _traced(function: Any) -> Any:
    @functools.wraps(function)
    def call(reader: Any, request: Any) -> Any:
        line = f"{request.role.value}|{request.commit}|{request.against}\n"
        with Path(os.environ["CHAOS_TRACE"]).open("a") as trace:
            trace.write(line)
        return function(reader, request)

    return call


class _Finder(MetaPathFinder):
    """Wraps one function of a module after its import."""

    def __init__(self, wrappers: dict[str, list[tuple[str, Any]]]) -> None:
        self._wrappers = wrappers

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in self._wrappers:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            raise ImportError(f"no module {name} to wrap")
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            for place, wrap in self._wrappers[name]:
                *owner, function = place.split(".")
                holder = getattr(module, owner[0]) if owner else module
                setattr(holder, function, wrap(getattr(holder, function)))

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _install() -> None:
    wrappers: dict[str, list[tuple[str, Any]]] = {_READ[0]: [(_READ[1], _traced)]}
    if os.environ.get("CHAOS_AT"):
        point, when, nth, signal, seconds = os.environ["CHAOS_AT"].split("|")
        module, function = POINTS[point]
        bomb = _Bomb(when, int(nth), int(signal), float(seconds))
        wrappers.setdefault(module, []).append((function, bomb.around))
    sys.meta_path.insert(0, _Finder(wrappers))


if os.environ.get("CHAOS_TRACE"):
    _install()
