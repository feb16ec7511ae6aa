"""The figure to hunt by, from the runs of `bisector check --signals`."""

from __future__ import annotations

from bisector.hunt.events import Listener
from bisector.hunt.session import Session
from bisector.hunt_file.flow import in_flow
from bisector.hunt_file.proposal_symptoms import MEMORY, Judging
from bisector.phases.signals.run import Signal, Signals, find_signals
from bisector.report.findings import duration

_TIMES = ("user_time", "instructions", "wall_time")
"""Figures that a person means by slow. A printed counter may grow for another reason."""
_LONGEST_SLOWED = 0.1
"""Seconds of a test that is tried under valgrind: six runs, each 50 times as long, take half a minute."""


def best_signal(session: Session, symptom: str, listener: Listener) -> tuple[Judging | None, str, bool]:
    """The predicate by the figure that shows the step soonest, one sentence, and whether runs compare.

    None if no figure of this symptom shows a step. Runs that ended differently cannot be compared.
    """
    of_memory = symptom == MEMORY
    found = find_signals(session, listener, longest_slowed=0.0 if of_memory else _LONGEST_SLOWED)
    named = {one.name: one for one in found.found}
    wanted = ("peak_memory",) if of_memory else _TIMES
    main = named["peak_memory" if of_memory else "wall_time"]
    usable = [one for one in found.found if one.name in wanted and one.finds and _explains(one, main)]
    told = "; ".join(filter(None, [_figures(found, wanted), _other(found, wanted, usable)]))
    if not usable:
        return None, told, not main.refused
    best = usable[0]
    why = f"Measured at both endpoints: {_figures(found, (best.name,))}; expected {duration(best.seconds)}."
    return (
        Judging(in_flow(best.proposal), (why, "`bisector check --signals` compares all figures.")),
        told,
        True,
    )


def _explains(signal: Signal, main: Signal) -> bool:
    """Whether the step of a figure may be the one that the user sees, and not a smaller one elsewhere."""
    if signal.outlook is None or main.outlook is None:
        return signal is main
    return signal.outlook.step.ratio**2 >= main.outlook.step.low


def _figures(found: Signals, names: tuple[str, ...]) -> str:
    """`wall_time 1.97x, user_time 1.98x`."""
    seen = [
        f"{one.name} {one.outlook.step.ratio:.2f}x"
        for one in found.found
        if one.name in names and one.outlook
    ]
    if seen:
        return ", ".join(seen)
    return next((one.refused for one in found.found if one.name in names), "")


def _other(found: Signals, wanted: tuple[str, ...], usable: list[Signal]) -> str:
    """A printed counter that would be found sooner: only the user knows what it means."""
    best = found.best
    if best is None or best.name in wanted or best.predicate.get("name") != "counter":
        return ""
    return f"the counter {best.name!r} shows a step sooner, if it means work: `bisector check --signals`"
