"""`bisector probe` for a commit without a reading: tests it and reports progress."""

from __future__ import annotations

import sys

from bisector.history.repository import Repository
from bisector.hunt.events import Event, Noted, ReadingTaken, StepBegan
from bisector.hunt.single import Judged, Single
from bisector.hunt.single_reading import SingleReading
from bisector.report.safe_text import visible


def read_commit(
    single: Single, commit: str, checkout: Repository | None, *, again: bool, verbose: bool
) -> Judged:
    """Build and test until there is a verdict; prints notes to stderr."""

    def follow(event: Event) -> None:
        if isinstance(event, Noted):
            print(f"bisector: {visible(event.text)}", file=sys.stderr)
        elif verbose:
            _show(event)

    return SingleReading(single, commit, checkout, follow).judge(again=again)


def _show(event: Event) -> None:
    match event:
        case StepBegan(commit=commit, step=step, detail=detail):
            print(
                f"bisector: {commit[:12]} {step.value}{f': {visible(detail)}' if detail else ''}",
                file=sys.stderr,
            )
        case ReadingTaken(reading=reading):
            print(f"bisector: {reading.commit[:12]} {visible(reading.judgement.why)}", file=sys.stderr)
