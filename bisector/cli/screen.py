"""Shows a running hunt: a line for each commit; below it the current steps, the range and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from bisector.cli.lines import Lines
from bisector.cli.range_bar import RangeBar
from bisector.cli.standing import Standing
from bisector.history.commit import CommitInfo
from bisector.hunt import remembered
from bisector.hunt.events import (
    Concluded,
    Event,
    HuntBegan,
    Noted,
    Outlook,
    ReadingTaken,
    StepBegan,
)
from bisector.probe.reading import Reading
from bisector.probe.step import Step
from bisector.report.findings import counted, duration
from bisector.report.safe_text import visible

_WIDEST_SUBJECT = 60
_MOST_STEPS = 8
_SPINNER = len("x ")
_REFRESHES = 4
"""Per second; more would take time from the tests."""
_TOLD = (Step.RETRYING, Step.WAITING, Step.REPEATING)
"""Steps that get their own line."""


class Screen:
    """Shows a hunt on `console`; a context manager. `verbosity`: 0 quiet, 1 a line per commit, 2 every run.

    On a terminal, the lines of the current stage change as their commits are read again; below them are the
    range, the current steps and the time left. Elsewhere a line is printed once, and again when the commit
    changes sides. `describe` returns the details of a commit to show.
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
        live = verbosity == 1 and console.is_terminal
        self._lines = Lines(console, describe, live=live)
        self._steps: dict[str, tuple[StepBegan, float]] = {}
        """The current step of each commit, and its start time."""
        self._bar: RangeBar | None = None
        self._shown_bar = Text()
        self._outlook: tuple[Outlook, float] | None = None
        """What is left to do, and since when."""
        self._spinners: list[Spinner] = []
        self._live: Live | None = None

    def __enter__(self) -> Screen:
        if self._verbosity and self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._now, refresh_per_second=_REFRESHES, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.flush()
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
                self._draw_bar()
                if self._verbosity > 1 or (event.detail and event.step in _TOLD):
                    self._print(Text(f"      {self._what(event)}", style="dim"))
            case ReadingTaken(reading):
                self._take(reading)
            case Outlook():
                self._outlook = (event, self._clock())
                self._draw_bar()
                self._lines.moved()
            case Noted(text):
                self._lines.flush()
                self._console.print(Text(f"  {text}", style="cyan"), soft_wrap=True)
            case Concluded():
                self._lines.flush()
                self._steps, self._outlook = {}, None

    def _began(self, event: HuntBegan) -> None:
        self._lines.flush()
        plan, known = event.plan, event.known
        self._lines.standing = Standing(plan, known)
        self._bar = RangeBar(plan.every_candidate.ids, plan.terms)
        candidates, same = len(plan.candidates), len(plan.every_candidate) - len(plan.candidates)
        skipped = f"; {same} skipped (no declared input changed)" if same else ""
        resumed = ""
        if known.readings:
            at = remembered.clock_time(known.readings[-1].at)
            resumed = f"; continuing after {counted(len(known.readings), 'reading')}"
            resumed += f", remembered from {at} ({remembered.ANEW})"
        line = Text(f"{counted(candidates, 'candidate commit')}{skipped}{resumed}")
        self._console.print(line, soft_wrap=True)

    def _take(self, reading: Reading) -> None:
        self._steps.pop(reading.commit, None)
        self._lines.add(reading)
        if self._verbosity > 1:
            self._print(Text(f"      {visible(reading.judgement.why)}", style="dim"))

    def _print(self, line: Text) -> None:
        if self._console.is_terminal:
            self._console.print(line, overflow="ellipsis", no_wrap=True)
        else:
            self._console.print(line, soft_wrap=True)

    def _draw_bar(self) -> None:
        standing = self._lines.standing
        if self._bar is None or standing is None or self._outlook is None or self._live is None:
            return
        testing = [c for c, (one, _) in self._steps.items() if one.step is not Step.BUILDING_AHEAD]
        plain, width = self._console.options.ascii_only, self._console.width
        posterior = self._outlook[0].posterior
        self._shown_bar = self._bar.text(standing.sides(), testing, posterior, width, plain=plain)

    def _now(self) -> RenderableType:
        """What the live display shows; another thread asks for it, so it only reads."""
        lines: list[RenderableType] = [*self._lines.shown, *self._shown_steps()]
        if self._outlook and self._steps:
            lines += [self._shown_bar, Text(f"  {self._left(*self._outlook)}", style="dim")]
        return Group(*lines)

    def _shown_steps(self) -> list[Spinner]:
        # List prefetched builds last: their end is not reported.
        steps = sorted([*self._steps.values()], key=lambda one: one[0].step is Step.BUILDING_AHEAD)
        last = steps[:_MOST_STEPS]
        while len(self._spinners) < len(last):
            self._spinners.append(Spinner("dots"))
        for spinner, (step, since) in zip(self._spinners, last, strict=False):
            text = Text(self._what(step, f"  {duration(self._clock() - since)} "))
            text.truncate(self._console.width - _SPINNER, overflow="ellipsis")
            spinner.update(text=text)
        return self._spinners[: len(last)]

    def _left(self, outlook: Outlook, since: float) -> str:
        """What is left to do, in words; the time runs down between readings."""
        parts = [f"{counted(outlook.candidates_left, 'candidate')} left"]
        if outlook.probes_left is not None:
            more = outlook.probes_left >= 0.5
            parts.append(f"about {outlook.probes_left:.0f} more probes" if more else "confirmation")
        if outlook.seconds_left is None:
            parts.append("the first test shows how long")
        else:
            parts.append(f"about {roughly(outlook.seconds_left - (self._clock() - since))}")
        return ", ".join(parts)

    def _what(self, event: StepBegan, length: str = "") -> str:
        info = self._describe(event.commit)
        detail = f": {visible(event.detail)}" if event.detail else ""
        return f"{event.step.value} {info.short}{length} {visible(info.subject)[:_WIDEST_SUBJECT]}{detail}"


def roughly(seconds: float) -> str:
    """An estimated time, no more exact than it can be: `5 s`, `40 s`, `3 min`, `1 h 20 min`."""
    if seconds < 60:
        whole = max(round(seconds), 1)
        return f"{whole if whole < 10 else 5 * round(whole / 5)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60 // 10 * 10:02} min"
