"""The user's command at the end of a hunt: `on_end` in the hunt file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.engine.hooks import run_hook
from bisector.errors import EnvironmentFault
from bisector.hunt.conclusion import FirstBad, name_of
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.report.safe_text import visible


def run_on_end(session: Session, record: HuntRecord, report: Path | None, console: Console) -> None:
    """Run the hunt's `on_end`, if it has one and this start has concluded it; prints one line if it fails.

    A hunt that was found finished has told its end before.
    """
    conclusion = record.conclusion
    if conclusion is None or record.remembered is not None:
        return
    found = conclusion.commit if isinstance(conclusion, FirstBad) else ""
    variables = {
        "BISECTOR_HUNT": record.name,
        "BISECTOR_CONCLUSION": name_of(conclusion, fix=record.terms.better),
        "BISECTOR_EXIT_CODE": str(int(conclusion.exit_code)),
        "BISECTOR_COMMIT": found,
        "BISECTOR_FIRST_BAD": "" if record.terms.better else found,
        "BISECTOR_REPORT": str(report or ""),
    }
    run_hook_at_end(session.ground, variables, console)


def run_hook_at_end(ground: Ground, variables: Mapping[str, str], console: Console) -> None:
    """Run the hunt's `on_end`, if it has one, with these variables; prints one line if it fails."""
    if ground.hunt.on_end is None:
        return
    try:
        run_hook("on_end", ground.hunt.on_end, ground.base, variables=variables)
    except EnvironmentFault as fault:
        console.print(Text(visible(str(fault)), style="yellow"), soft_wrap=True)
