"""A process tree owned without control groups: by parent, session, a mark in the environment, open files.

Weaker than a control group, and the report says so: CPU time of processes that nobody waits for is only
sampled, memory is the sampled sum of resident sizes (counting shared pages once per process), and the caller
enforces the limit by sampling. A daemon that loses its parent becomes our child, even if it clears its
environment. Not covered: processes that another program starts for the test, such as containers, and, while
several runs are active, a daemon without the mark that has nothing open in its slot.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import time
from pathlib import Path
from typing import ClassVar

from bisector.probe.ownership import KILL_PATIENCE, MARK, Usage, unkillable
from bisector.probe.proc import (
    ProcessStatus,
    all_processes,
    environment_value,
    holds_open,
    started_now,
    with_environment,
)
from bisector.probe.run_delay import RunDelay

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): orphaned descendants become children of this process instead of init."""


class SampledTree:
    """A `ProcessTree` found by walking `/proc`."""

    memory_source = "sampled resident sizes and a limit on each process (no writable control group)"
    enforces_memory = False

    _live: ClassVar[set[SampledTree]] = set()
    """The trees of this process, from before their first process starts until their last one ends."""

    def __init__(self, token: str, folder: Path) -> None:
        self._token = token
        self._folder = folder.resolve()
        self._began = started_now()
        self._live.add(self)
        self._top = 0
        self._seen: dict[int, int] = {}
        self._sessions: set[int] = set()
        self._reaped_user = self._reaped_system = 0.0
        self._user = self._system = 0.0
        self._peak = 0
        self._delay = RunDelay()
        _adopt_orphans(wanted=True)

    def join(self, pid: int) -> None:
        """Make `pid`, a session leader, the root of the tree."""
        self._top = pid
        self._sessions.add(pid)

    def yield_to_others(self, nice: int) -> None:
        """Do nothing: the kernel does not schedule this tree as a group."""

    def usage(self, top: resource.struct_rusage | None = None) -> Usage:
        """Sample the tree; figures never decrease between calls."""
        self._sample()
        user, system = self._reaped_user, self._reaped_system
        if top is not None:
            user, system = user + top.ru_utime, system + top.ru_stime
            self._peak = max(self._peak, own_peak(top))
        self._user, self._system = max(self._user, user), max(self._system, system)
        waited = self._delay.waited(self._user + self._system)
        return Usage(self._user, self._system, self._peak or None, waited=waited)

    def _sample(self) -> None:
        members = self._members()
        self._delay.sample({self._top, *self._seen})
        self._peak = max(self._peak, sum(process.resident for process in members))
        user = sum(process.user + process.children_user for process in members)
        system = sum(process.system + process.children_system for process in members)
        self._user = max(self._user, self._reaped_user + user)
        self._system = max(self._system, self._reaped_system + system)

    def kill(self) -> None:
        """Kill and reap until no member remains, even if they fork fast."""
        deadline = time.monotonic() + KILL_PATIENCE
        self._delay.sample({self._top, *self._seen})
        while members := self._members() or self._marked():
            for process in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process.pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise unkillable(members[0].pid)
            self._reap()
            time.sleep(0.001)
        self._reap()

    def remove(self) -> None:
        """Forget the tree; after the last one, orphans of others are no longer ours to reap."""
        self._live.discard(self)
        if not self._live:
            _adopt_orphans(wanted=False)

    def _members(self) -> list[ProcessStatus]:
        """The living processes of the tree: descendants of the root and of adopted orphans."""
        processes = all_processes()
        children: dict[int, list[ProcessStatus]] = {}
        for process in processes.values():
            children.setdefault(process.parent, []).append(process)
        waiting = [process for process in processes.values() if self._is_root(process)]
        members: dict[int, ProcessStatus] = {}
        while waiting:
            process = waiting.pop()
            if process.pid not in members:
                members[process.pid] = process
                waiting += children.get(process.pid, [])
        self._remember(members)
        return [process for process in members.values() if not process.is_zombie]

    def _is_root(self, process: ProcessStatus) -> bool:
        if process.pid == self._top or self._seen.get(process.pid) == process.started:
            return True
        if process.session in self._sessions:
            return True
        adopted = process.parent == os.getpid() and process.session != os.getsid(0)
        return adopted and self._is_ours(process)

    def _is_ours(self, orphan: ProcessStatus) -> bool:
        """Whether an adopted process belongs to this run, with or without its mark."""
        mark = environment_value(orphan.pid, MARK)
        if mark == self._token:
            return True
        others = [tree for tree in [*self._live] if tree is not self]
        if orphan.started < self._began or any(mark == tree._token for tree in others):
            return False
        return not others or holds_open(orphan.pid, self._folder)

    def _remember(self, members: dict[int, ProcessStatus]) -> None:
        self._seen = {process.pid: process.started for process in members.values()}
        self._sessions |= {process.session for process in members.values()}

    def _marked(self) -> list[ProcessStatus]:
        """Members outside the process tree (if this process could not become their reaper)."""
        pids = {pid for pid, token in with_environment(MARK) if token == self._token}
        return [p for p in all_processes().values() if p.pid in pids and not p.is_zombie]

    def _reap(self) -> None:
        """Reap ended orphans that became our children; `Launch` reaps the root."""
        self._members()
        for pid in self._seen.keys() - {self._top}:
            with contextlib.suppress(ChildProcessError):
                ended, _, account = os.wait4(pid, os.WNOHANG)
                if ended:
                    self._reaped_user += account.ru_utime
                    self._reaped_system += account.ru_stime


def _adopt_orphans(*, wanted: bool) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def own_peak(account: resource.struct_rusage) -> int:
    """The largest resident size (bytes) among the reaped processes; 0 if unknown.

    A child inherits our own high-water mark (getrusage(2) on ru_maxrss, vfork and exec), so a figure not
    above ours says nothing about the child.
    """
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return account.ru_maxrss * 1024 if account.ru_maxrss > ours else 0
