"""What a person sees while a hunt runs: a line for each step taken, and below what happens now."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from bisector.history.commit import CommitInfo
from bisector.hunt import remembered
from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.premise import measured
from bisector.hunt.events import (
    Concluded,
    Event,
    HuntBegan,
    Noted,
    ReadingTaken,
    SearchMoved,
    StepBegan,
)
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.step import Step
from bisector.report.findings import counted, duration
from bisector.report.safe_text import visible

_STYLES = {Good: "green", Bad: "red", Untestable: "yellow"}
_WIDEST_SUBJECT = 60
_MOST_STEPS = 8
_TOLD = (Step.RETRYING, Step.WAITING, Step.REPEATING)
"""Steps that a person hears of in a line of their own."""


class Screen:
    """Follows a hunt on `console`; a context manager. `verbosity`: 0 quiet, 1 a line a probe, 2 every run.

    On a terminal the last lines tell what is being done and for how long; elsewhere only whole lines
    are printed. `describe` gives what to show of a commit.
    """

    def __init__(
        self,
        console: Console,
        describe: Callable[[str], CommitInfo],
        verbosity: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._describe = describe
        self._verbosity = verbosity
        self._clock = clock
        self._group: list[Reading] = []
        self._role: Role | None = None
        self._probed: set[str] = set()
        self._steps: dict[str, tuple[StepBegan, float]] = {}
        """What is done now with each commit, and since when."""
        self._outlook = ""
        self._spinners: list[Spinner] = []
        self._live: Live | None = None

    def __enter__(self) -> Screen:
        if self._verbosity and self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._now, refresh_per_second=8, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if not self._verbosity:
            return
        match event:
            case HuntBegan():
                self._began(event)
            case StepBegan(commit):
                self._steps.pop(commit, None)
                if event.step is Step.DONE:
                    return
                self._steps[commit] = (event, self._clock())
                if self._verbosity > 1 or (event.detail and event.step in _TOLD):
                    self._print(Text(f"      {self._what(event)}", style="dim"))
            case ReadingTaken(reading):
                self._take(reading)
            case SearchMoved():
                self._outlook = _outlook(event)
                self._flush()
            case Noted(text):
                self._flush()
                self._print(Text(f"  {text}", style="cyan"))
            case Concluded():
                self._flush()
                self._steps, self._outlook = {}, ""

    def _began(self, event: HuntBegan) -> None:
        same = (
            f"; {event.skipped_as_same} skipped (no declared input changed)" if event.skipped_as_same else ""
        )
        resumed = ""
        if event.resumed and event.since:
            at = remembered.clock_time(event.since)
            resumed = f"; continuing after {counted(event.resumed, 'reading')}"
            resumed += f", remembered from {at} ({remembered.ANEW})"
        self._print(Text(f"{counted(event.candidates, 'candidate commit')}{same}{resumed}"))

    def _take(self, reading: Reading) -> None:
        self._steps.pop(reading.commit, None)
        if self._group and (self._group[-1].commit, self._group[-1].role) != (reading.commit, reading.role):
            self._flush()
        self._enter(reading.role)
        self._group.append(reading)
        if self._verbosity > 1:
            self._print(Text(f"      {visible(reading.judgement.why)}", style="dim"))

    def _enter(self, role: Role) -> None:
        if role is not self._role:
            self._role = role
            self._print(Text(role.value, style="bold"))

    def _flush(self) -> None:
        """One line for the readings of one commit."""
        group, self._group = self._group, []
        if not group:
            return
        last = group[-1]
        info = self._describe(last.commit)
        line = Text(f"  {self._number(last):>2}  ")
        line.append(f"{info.short}  ", style="bold")
        line.append_text(_verdict(group))
        line.append(f"{visible(last.judgement.why)}  ")
        line.append(visible(info.subject), style="dim")
        self._print(line)

    def _number(self, reading: Reading) -> str:
        """Which probe of the search it belongs to; nothing for a commit read before, or not asked for."""
        if reading.role is not Role.SEARCH:
            return ""
        if reading.commit in self._probed:
            return ""
        self._probed.add(reading.commit)
        return str(len(self._probed))

    def _print(self, line: Text) -> None:
        if self._console.is_terminal:
            self._console.print(line, overflow="ellipsis", no_wrap=True)
        else:
            self._console.print(line, soft_wrap=True)

    def _now(self) -> RenderableType:
        # Behind those waited for: what is built ahead, whose end nobody tells.
        last = sorted(self._steps.values(), key=lambda one: one[0].step is Step.BUILDING_AHEAD)[:_MOST_STEPS]
        lines: list[RenderableType] = []
        for at, (step, since) in enumerate(last):
            if at == len(self._spinners):
                self._spinners.append(Spinner("dots"))
            self._spinners[at].update(text=Text(f"{self._what(step)}  {duration(self._clock() - since)}"))
            lines.append(self._spinners[at])
        if self._outlook and lines:
            lines.append(Text(f"  {self._outlook}", style="dim"))
        return Group(*lines)

    def _what(self, event: StepBegan) -> str:
        info = self._describe(event.commit)
        detail = f": {visible(event.detail)}" if event.detail else ""
        return f"{event.step.value} {info.short} {visible(info.subject)[:_WIDEST_SUBJECT]}{detail}"


def _verdict(readings: list[Reading]) -> Text:
    ratios = measured(readings)
    judgement = readings[-1].judgement
    if ratios:
        effect = estimate(ratios)
        return Text(f"{effect.ratio:6.2f}x      ", style="magenta")
    return Text(f"{type(judgement).__name__.lower():<11}  ", style=_STYLES.get(type(judgement), ""))


def _outlook(event: SearchMoved) -> str:
    probes = f"about {event.probes_left:.0f} more probes" if event.probes_left >= 0.5 else "confirmation next"
    left = counted(event.candidates_left, "candidate")
    return f"{left} left, {probes}, {duration(event.seconds_left)}"
