"""Runs the command that failed once in the user's own checkout, and compares that with its run in a slot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bisector.errors import UsageError
from bisector.history.own_checkout import state_of
from bisector.history.redirection import REDIRECTING
from bisector.hunt.advice import HereRun
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.hunt.secrets import hidden, without
from bisector.hunt.shell_variables import own_to_the_shell
from bisector.hunt_file import Build, Test
from bisector.phases.first_try.excerpts import LINES, endpoints_of, excerpt, in_trouble, is_as_said
from bisector.predicate import Ending, Run
from bisector.probe.execution import Command, Limits, execute
from bisector.probe.reading import Reading
from bisector.probe.temporary import temporary_folder
from bisector.report.log_tail import log_tail

_ENDINGS = {
    Ending.TIMEOUT: "it did not end in time",
    Ending.MEMORY_LIMIT: "the memory limit",
    Ending.OUTPUT_LIMIT: "the output limit",
    Ending.JUDGED: "it was stopped early",
}


def require_checkout(ground: Ground) -> None:
    """Raise `UsageError` if nothing can be run in the user's checkout."""
    if ground.repository.work_tree is None:
        raise UsageError(
            f"{ground.repository.path} is a bare repository, so there is no checkout to run the test in; "
            "leave out --here, or name a checkout with --repo"
        )
    if ground.hunt.sandbox:
        raise UsageError("--here would run the test outside of the hunt's sandbox; leave out one of the two")


class Here:
    """One run in the user's checkout, of what failed at an endpoint of the hunt `record`.

    Nothing is checked out and nothing put back: what the command writes stays, as it does by hand.
    """

    def __init__(self, ground: Ground, record: HuntRecord, end: str, reading: Reading) -> None:
        top = ground.repository.work_tree
        assert top is not None
        self._ground = ground
        self._record = record
        self._end, self._reading = end, reading
        self._part = _part(ground, reading)
        self._slot = excerpt(record, reading, end)
        self._slot_exit_code = reading.run.exit_code if reading.run else None
        self._top = top
        self._before = state_of(ground.repository)
        self.what = "test" if isinstance(self._part, Test) else "build"
        self.folder = top / self._part.folder

    @property
    def place(self) -> str:
        """Where it runs, and what is checked out there."""
        names = {self._record.bad.id: "bad", **{one.id: "good" for one in self._record.good}}
        head, changed = self._before.head, len(self._before.changed)
        which = names.get(
            head, f"neither good nor bad; the {self._end} commit is {self._reading.commit[:12]}"
        )
        local = f", with local changes to {changed} file{'' if changed == 1 else 's'}" if changed else ""
        return f"{self.folder} (at {head[:12] or 'no commit'}, which is {which}{local})"

    @property
    def command(self) -> str | tuple[str, ...]:
        """What runs there."""
        return self._part.command

    def run(self) -> HereRun:
        """Run it; raises `InfrastructureFault` if that is impossible."""
        ground = self._ground
        log = ground.scratch.logs_made(f"here-{self._reading.commit}") / f"{self.what}.log"
        shell = {k: v for k, v in ground.environment.items() if k not in REDIRECTING}
        ran = self._execute(shell | dict(ground.hunt.environment.set), log)
        alone = None
        if _is_well(ran) and not self._is_well_in_slot and own_to_the_shell(ground):
            alone = self._execute(ground.seen, log.with_stem(f"{self.what}-as-in-a-slot"))
        after = state_of(ground.repository)
        lines = tuple(self._masked(line) for line in log_tail(log, LINES))
        return HereRun(
            self.what,
            self.folder,
            self._before.head,
            self._before.changed,
            _ended(ran),
            ran.exit_code,
            lines,
            log,
            self._slot,
            self._slot_exit_code,
            tuple(self._differences(ran, alone, lines)),
            self._before.left_by(after),
        )

    @property
    def _is_well_in_slot(self) -> bool:
        return self._reading.run is not None and _is_well(self._reading.run)

    def _execute(self, environment: Mapping[str, str], log: Path) -> Run:
        part = self._part
        limits = Limits(part.timeout)
        if isinstance(part, Test):
            limits = Limits(part.timeout, part.memory, part.output)
        with temporary_folder({**environment, "BISECTOR_COMMIT": self._before.head}) as seen:
            return execute(Command(part.command, self.folder, seen), limits, log=log).run

    def _masked(self, line: str) -> str:
        own = hidden(own_to_the_shell(self._ground).values())
        return without(self._record.secrets, without(own, line))

    def _differences(self, ran: Run, alone: Run | None, lines: Sequence[str]) -> Iterator[str]:
        """What is different between here and the slot, as far as these runs can tell."""
        here, there = _is_well(ran), self._is_well_in_slot
        ways = {True: "works", False: "fails"}
        if here != there:
            yield f"the {self.what} {ways[here]} in your checkout and {ways[there]} in the slot"
        elif ran.exit_code != self._slot_exit_code or list(lines) != list(self._slot.lines):
            yield f"the {self.what} {ways[here]} in both, but not in the same way"
        else:
            yield f"the {self.what} {ways[here]} in your checkout in the same way"
            yield from self._told_by_the_same()
            return
        if self._before.head != self._reading.commit:
            yield f"your checkout is not at {self._reading.commit[:12]}, so the commits may be the reason"
        if alone is None:
            return
        if _is_well(alone):
            yield "the variables of your shell are not the reason: it works in your checkout without them too"
        else:
            yield (
                "a variable of your shell is the reason: with only those that a slot has, it fails in your "
                "checkout too; name it in `environment: {pass: [...]}`"
            )

    def _told_by_the_same(self) -> Iterator[str]:
        """What it means that slot and checkout are alike."""
        other = [one.commit for _, one in in_trouble(self._record) if one.commit != self._reading.commit]
        if is_as_said(self._end, self._reading) and other:
            yield (
                f"that is what you said of {self._end}; to compare {other[0][:12]}, check it out there, and "
                f"run the same command with --good and --bad as full ids"
            )
        else:
            yield "so the slot is not the reason"


def here_of(ground: Ground, record: HuntRecord) -> Here | None:
    """The run to make in the user's checkout; None if both endpoints are as the user said.

    Compares with the endpoint that is checked out if there is one, else with the first that is not as said.
    """
    troubled = in_trouble(record)
    if not troubled:
        return None
    head = state_of(ground.repository).head
    at_head = [(end, reading) for end, reading in endpoints_of(record) if reading.commit == head]
    end, reading = (at_head or troubled)[0]
    return Here(ground, record, end, reading)


def _part(ground: Ground, reading: Reading) -> Build | Test:
    """What failed: the build if the reading did not come to its test."""
    build = ground.hunt.build
    return build if reading.run is None and build is not None else ground.hunt.test


def _is_well(run: Run) -> bool:
    return run.ending is Ending.EXITED and run.exit_code == 0


def _ended(run: Run) -> str:
    if run.signal is not None:
        return f"signal {run.signal}"
    if run.exit_code is not None:
        return f"exit code {run.exit_code}"
    return _ENDINGS.get(run.ending or Ending.JUDGED, "it was stopped")
