"""The hunts that `bisector mcp` has started: each is a `bisector run --events`, whose lines are read here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LINE = 2**24
"""Bytes of the longest line: the result of a hunt that lists many commits."""
_PATIENCE = 60.0
"""Seconds for a hunt to stop after an interrupt, and to put everything away."""
_KEPT = ("began", "next", "step", "outlook", "note", "concluded", "result", "failed")


@dataclass
class StartedHunt:
    """One hunt of this server, and the newest line of each kind that it printed."""

    number: int
    folder: Path
    process: asyncio.subprocess.Process
    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    readings: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the range is known, or the hunt is over."""

    @property
    def state(self) -> dict[str, Any]:
        """What is known of it, as JSON values."""
        result, failed = self.newest.get("result"), self.newest.get("failed")
        ended = result or failed
        return {
            "number": self.number,
            "folder": str(self.folder),
            "running": self.process.returncode is None,
            "readings": self.readings,
            "began": self.newest.get("began"),
            "next": None if ended else self.newest.get("next"),
            "outlook": None if ended else self.newest.get("outlook"),
            "result": result["result"] if result else None,
            "failed": failed,
        }


class StartedHunts:
    """Starts hunts, follows them, and stops those that still run when the server ends."""

    def __init__(self) -> None:
        self._hunts: list[StartedHunt] = []
        self._readers: set[asyncio.Task[None]] = set()

    async def start(self, folder: Path, words: Sequence[str]) -> StartedHunt:
        """Start `bisector run WORDS` in `folder`; returns once its range is known or it has ended."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bisector", "run", "--events", "--quiet", *words),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE,
        )
        hunt = StartedHunt(len(self._hunts) + 1, folder, process)
        self._hunts.append(hunt)
        reader = asyncio.create_task(_read(hunt))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        await hunt.moved.wait()
        return hunt

    @property
    def states(self) -> list[dict[str, Any]]:
        """What is known of each, the first that was started first."""
        return [hunt.state for hunt in self._hunts]

    async def stop(self) -> None:
        """Interrupt what still runs, and wait: the journal keeps every reading."""
        running = [hunt.process for hunt in self._hunts if hunt.process.returncode is None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        for process in running:
            try:
                await asyncio.wait_for(process.wait(), _PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _read(hunt: StartedHunt) -> None:
    """Read the lines of a hunt to its end."""
    assert hunt.process.stdout is not None and hunt.process.stderr is not None
    complaint = asyncio.create_task(hunt.process.stderr.read())
    try:
        async for line in hunt.process.stdout:
            said = json.loads(line)
            hunt.readings += said["event"] == "reading"
            if said["event"] in _KEPT:
                hunt.newest[said["event"]] = said
            if said["event"] in ("began", "result", "failed"):
                hunt.moved.set()
        code = await hunt.process.wait()
        told = (await complaint).decode(errors="replace").strip()
        if not {"result", "failed"} & hunt.newest.keys():
            hunt.newest["failed"] = {"event": "failed", "exit_code": code, "why": told}
    finally:
        hunt.moved.set()
