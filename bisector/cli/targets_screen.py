"""Shows a running hunt of several targets: a line for each commit and purpose, and each answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from bisector.history.commit import CommitInfo
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.events import (
    Event,
    Noted,
    ProbeBegan,
    StepBegan,
    TargetEnded,
    TargetsBegan,
    TargetsRead,
)
from bisector.predicate import Bad, Good, Judgement, Measured
from bisector.probe.reading import Reading
from bisector.probe.step import Step
from bisector.report.findings import counted
from bisector.report.safe_text import visible

_WORDS = {Bad: "bad", Good: "good", Measured: "measured"}
_NAMED = 3


class TargetsScreen:
    """Prints on `console`; a context manager. `verbosity`: 0 quiet, 1 a line per commit, 2 every run.

    `describe` returns the details of a commit to show.
    """

    def __init__(self, console: Console, describe: Callable[[str], CommitInfo], verbosity: int = 1) -> None:
        self._console = console
        self._describe = describe
        self._verbosity = verbosity
        self._status: Status | None = None
        self._runs: list[TargetsRead] = []
        """The runs of one commit for one purpose, not printed yet."""
        self._ended: list[TargetEnded] = []

    def __enter__(self) -> TargetsScreen:
        if self._verbosity and self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        if self._status:
            self._status.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if not self._verbosity:
            return
        match event:
            case TargetsRead():
                if self._runs and (self._verbosity > 1 or _purpose(event) != _purpose(self._runs[0])):
                    self._flush()
                self._runs.append(event)
            case TargetEnded():
                self._ended.append(event)
            case Noted(text):
                self._flush()
                self._print(Text(f"  {visible(text)}", style="cyan"))
            case TargetsBegan(plan, known):
                targets, size = (
                    counted(len(known), "target"),
                    counted(len(plan.candidates), "candidate commit"),
                )
                before = {reading.at for one in known.values() for reading in one.readings}
                resumed = f"; continuing after {counted(len(before), 'run')}" if before else ""
                self._print(Text(f"{targets}, {size}{resumed}"))
            case StepBegan(commit, step) if step is not Step.DONE:
                self._tell(f"{step.value} {self._describe(commit).short} {event.detail}")
            case ProbeBegan():
                if self._ended:
                    self._flush()

    def _tell(self, text: str) -> None:
        if self._status:
            self._status.update(Text(visible(text), style="dim"))
        elif self._verbosity > 1:
            self._print(Text(f"      {visible(text)}", style="dim"))

    def _flush(self) -> None:
        """Print the open line, and the answers that followed from it."""
        if self._runs:
            self._print(self._line(self._runs))
        for text in _answers(self._ended, self._describe):
            self._print(Text(f"  {visible(text)}", style="green"))
        self._runs, self._ended = [], []

    def _line(self, runs: Sequence[TargetsRead]) -> Text:
        first = next(iter(runs[0].readings.values()))
        info = self._describe(first.commit)
        latest: dict[str, Reading] = {name: one for run in runs for name, one in run.readings.items()}
        counts = Counter(_word(one.judgement) for one in latest.values())
        told = ", ".join(f"{number} {word}" for word, number in sorted(counts.items()))
        often = f" ({counted(len(runs), 'run')})" if len(runs) > 1 else ""
        return Text.assemble(
            f"  {first.role.value:<12} {info.short}  {told}{often}  ", (visible(info.subject), "dim")
        )

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)


def _purpose(event: TargetsRead) -> tuple[object, ...]:
    first = next(iter(event.readings.values()))
    return (first.commit, first.role)


def _word(judgement: Judgement) -> str:
    return _WORDS.get(type(judgement), "untestable")


def _answers(ended: Sequence[TargetEnded], describe: Callable[[str], CommitInfo]) -> list[str]:
    """The answers that were reached together, one line for each."""
    lines: dict[str, list[str]] = {}
    for one in ended:
        found = one.conclusion
        if isinstance(found, FirstBad):
            info = describe(found.commit)
            text = f"first bad commit {info.short} {info.subject}"
        else:
            text = f"{found.name}: {getattr(found, 'why', 'only untestable commits are left')}"
        lines.setdefault(text, []).append(one.target)
    return [f"{_names(targets)}: {text}" for text, targets in lines.items()]


def _names(targets: Sequence[str]) -> str:
    if len(targets) <= _NAMED:
        return ", ".join(targets)
    return f"{', '.join(targets[:_NAMED])} and {len(targets) - _NAMED} more"
