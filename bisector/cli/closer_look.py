"""A closer look at a hunt that could not begin: traces the test, and runs it in the user's checkout."""

from __future__ import annotations

import shlex
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from bisector.cli.again import with_command
from bisector.cli.options import Chosen
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.report.safe_text import visible


def looked_closer(
    console: Console, ground: Ground, record: HuntRecord, chosen: Chosen, *, here: bool, verbosity: int
) -> HuntRecord:
    """The record with what more runs of the failing command tell; its conclusion stays as it is.

    `here` also runs the command in the user's own checkout.
    """
    if record.remembered is None and record.conclusion and not isinstance(record.conclusion, FirstBad):
        record = _traced(console, ground, record, chosen, verbosity)
    return _beside_checkout(console, ground, record) if here else record


def _traced(
    console: Console, ground: Ground, record: HuntRecord, chosen: Chosen, verbosity: int
) -> HuntRecord:
    from bisector.phases.first_try.looked_for import LONGEST, trial_of

    trial = trial_of(ground, record)
    if trial is None:
        return record
    if verbosity:
        which = trial.reading.commit[:12]
        _tell(console, f"tracing the test of {which} once more (strace, at most {LONGEST:.0f} s)")
    known = {one.written for one in record.advice if one.written}
    named = {word for one in record.advice for word in one.why.split()}
    found = [one for one in trial.advice(named) if one.written not in known]
    more = (with_command(one, chosen) for one in found)
    return replace(record, advice=(*record.advice, *more))


def _beside_checkout(console: Console, ground: Ground, record: HuntRecord) -> HuntRecord:
    from bisector.phases.first_try.here import here_of

    if record.conclusion is None or (here := here_of(ground, record)) is None:
        _tell(console, "--here: both endpoints are as you said, so nothing was run in your checkout")
        return record
    line = here.command if isinstance(here.command, str) else shlex.join(here.command)
    _tell(console, f"--here: running the {here.what} `{line}` once in {here.place}")
    return replace(record, here=here.run())


def _tell(console: Console, text: str) -> None:
    console.print(Text(visible(text), style="cyan"), soft_wrap=True)
