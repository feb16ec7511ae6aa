"""The loop around a running command: read its output, measure it, watch it, and decide when to stop."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from bisector.predicate import Bad, Contention, Ending, Good, Run, Untestable
from bisector.probe.contention import share_waited
from bisector.probe.fairness import STRETCH
from bisector.probe.launch import Launch, end_notice
from bisector.probe.output_capture import OutputCapture
from bisector.probe.ownership import ProcessTree, Usage
from bisector.probe.pause import LONGEST, PauseDetector, require_not_all_held, require_not_held

EarlyJudgement = Good | Bad | Untestable
Watch = Callable[[Run], EarlyJudgement | None]

POLL = 0.01
"""Seconds between checks of a process if the kernel does not report its end."""


class GivenUp(Exception):
    """The run was abandoned and has no result."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a run: seconds with a CPU, bytes of memory (swap included), of output; None for no limit."""

    timeout: float | None = None
    memory: int | None = None
    output: int | None = 64 * 1024 * 1024


class Supervision:
    """One run of a launched command until it ends or must be stopped."""

    def __init__(
        self,
        launch: Launch,
        tree: ProcessTree,
        capture: OutputCapture,
        limits: Limits,
        watch: Watch | None,
        stop: Event | None = None,
    ) -> None:
        self._launch = launch
        self._tree = tree
        self._capture = capture
        self._limits = limits
        self._watch = watch
        self._stop = stop
        self._usage = Usage(0.0, 0.0, None)
        self._pauses = PauseDetector()
        self._next_look = LONGEST
        self._started = math.nan
        self.wall = 0.0
        """Seconds from the start of the command to its end, or until now."""
        self.judgement: EarlyJudgement | None = None
        """The watcher's judgement, if it stopped the run."""

    def run(self, tick: float) -> Ending:
        """Start the command; returns why it ended or must be stopped, perhaps while it still runs.

        Raises `GivenUp` if the run is abandoned, `Paused` if the run or bisector itself was paused from
        outside.
        """
        self._started = time.monotonic()
        self._pauses.look()
        self._launch.open_gate()
        with selectors.DefaultSelector() as selector, end_notice(self._launch.pid) as notice:
            selector.register(self._launch.output, selectors.EVENT_READ)
            if notice is not None:
                selector.register(notice, selectors.EVENT_READ)
            longest = POLL if notice is None else tick
            next_tick = tick
            while True:
                at_most = max(0.0, min(next_tick - self.wall, longest, self._time_left()))
                selector.select(at_most)
                if self._stop is not None and self._stop.is_set():
                    raise GivenUp
                self._pauses.require_none(at_most)
                self.wall = time.monotonic() - self._started
                news = self._read(selector)
                if ticked := self.wall >= next_tick:
                    next_tick = self.wall + tick
                    self._usage = self._tree.usage()
                if ending := self._reason_to_stop(news=news, ticked=ticked):
                    return ending

    def _time_left(self) -> float:
        """Seconds until the timeout, which does not count waiting for a CPU (as far as known by now)."""
        timeout = self._limits.timeout
        if timeout is None:
            return math.inf
        return min(timeout + (self._usage.waited or 0.0), STRETCH * timeout) - self.wall

    def _read(self, selector: selectors.BaseSelector) -> bool:
        """Read new output; True if a line of it matched a pattern."""
        if self._launch.output not in selector.get_map():
            return False
        data = self._launch.read()
        if data == b"":
            selector.unregister(self._launch.output)
        return self._capture.feed(data, self.wall) if data else False

    def _reason_to_stop(self, *, news: bool, ticked: bool) -> Ending | None:
        limits, usage = self._limits, self._usage
        if self._launch.has_ended:
            return Ending.EXITED
        if limits.output is not None and self._capture.total > limits.output:
            return Ending.OUTPUT_LIMIT
        if usage.oom_kills or self._is_over_memory():
            return Ending.MEMORY_LIMIT
        if self._time_left() <= 0:
            self._usage = self._tree.usage()
        if self._time_left() <= 0:
            require_not_all_held(self._launch.pid)
            return Ending.TIMEOUT
        if self.wall >= self._next_look:
            self._next_look = self.wall + LONGEST
            require_not_held(self._launch.pid)
        if (news or ticked) and self._watch:
            self._look_at_it(self._watch, ticked=ticked)
        return Ending.JUDGED if self.judgement else None

    def _look_at_it(self, watch: Watch, *, ticked: bool) -> None:
        self._pauses.require_none(0.0)
        self.judgement = watch(self.so_far())
        if isinstance(self.judgement, Good | Bad) and not ticked:
            # Its waiting for a CPU since the last tick may excuse it.
            self._usage = self._tree.usage()
            self.judgement = watch(self.so_far())
        self._pauses.look()  # A slow plug-in is not a pause.

    def _is_over_memory(self) -> bool:
        """Whether the run exceeds a memory limit that the kernel does not enforce."""
        if self._tree.enforces_memory or self._limits.memory is None:
            return False
        return (self._usage.peak_memory or 0) > self._limits.memory

    def read_rest(self) -> None:
        """Read the remaining output; call after the tree is dead, so that the output ends."""
        while data := self._launch.read():
            self._capture.feed(data, self.wall)
        self._capture.finish(self.wall)

    def so_far(self) -> Run:
        """The run as far as it is known now."""
        return Run(
            wall=self.wall,
            user=self._usage.user,
            system=self._usage.system,
            peak_memory=self._usage.peak_memory,
            oom_kills=self._usage.oom_kills,
            matches=self._capture.matches,
            memory_source=self._tree.memory_source,
            contention=Contention(waited=share_waited(self._usage.waited, self.wall)),
        )
