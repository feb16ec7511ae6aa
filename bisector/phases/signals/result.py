"""The result: a table of signals, the soonest first, and the predicate to write."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from bisector.errors import ExitCode
from bisector.hunt_file.flow import in_flow
from bisector.phases.result import Block, Bullets, Code, Paragraph, Result, Table
from bisector.phases.signals.measuring import Obstacle
from bisector.phases.signals.run import Signal, Signals
from bisector.report.findings import counted, duration

PHASE = "signals"
_HEAD = ("Signal", "Bad over good", "Spread", "Separation", "Readings", "Each", "Search")
_FIGURES = frozenset(range(1, len(_HEAD)))
_NONE = "-"


def signals_result(signals: Signals, *, has_file: bool = True, written: str | None = None) -> Result:
    """The result; `written` says what happened to the hunt file, None if it was not to be changed."""
    title = _title(signals)
    told = _of_obstacle(signals.obstacle) if signals.obstacle else _compared(signals, has_file, written)
    blocks = (Paragraph(f"{title}.", strong=True), *told)
    code = ExitCode.FIRST_BAD if signals.best else ExitCode.INCONCLUSIVE
    return Result(PHASE, "", signals.hunt, title, blocks, _data(signals, written), int(code))


def _compared(signals: Signals, has_file: bool, written: str | None) -> list[Block]:
    """The table of the signals, and what to hunt by."""
    blocks: list[Block] = []
    if compared := [one for one in signals.found if one.outlook]:
        blocks.append(Table(_HEAD, tuple(map(_row, compared)), _FIGURES))
        blocks.append(
            Paragraph(
                f"Expected for {counted(signals.candidates, 'candidate')}, "
                f"with {duration(signals.build)} for each build. Confirmation comes on top."
            )
        )
    if notes := (*_failing(signals), *_refusals(signals)):
        blocks.append(Bullets(notes))
    if signals.best is not None:
        blocks.append(Code(f"predicate: {in_flow(signals.best.proposal)}", "yaml"))
        blocks.append(Paragraph(written or _how_to_write(has_file=has_file)))
    return blocks


def _of_obstacle(obstacle: Obstacle) -> list[Block]:
    blocks: list[Block] = [Code("\n".join(obstacle.printed))] if obstacle.printed else []
    how = (
        "Nothing was measured. `bisector check` shows what a scratch worktree lacks. If this commit can "
        f"never be tested, choose another with --{obstacle.end}."
    )
    return [*blocks, Paragraph(how)]


def _title(signals: Signals) -> str:
    best, obstacle = signals.best, signals.obstacle
    if obstacle is not None:
        return f"cannot measure {obstacle.end} {obstacle.commit[:12]}: {obstacle.why}"
    if best is None:
        return "no signal shows a step from good to bad"
    assert best.outlook is not None
    step = f"{best.outlook.step.ratio:.3f}x"
    return f"{best.name} shows the step of {step} soonest, in about {duration(best.seconds)}"


def _how_to_write(*, has_file: bool) -> str:
    if has_file:
        return "Nothing was written; use --write to put this into the hunt file."
    return "Put this into a hunt file, or give it as --predicate and --set."


def _row(signal: Signal) -> tuple[str, ...]:
    seen = signal.outlook
    assert seen is not None
    figures = (signal.name, f"{seen.step.ratio:.3f}x", _share(seen.spread), _separation(seen.separation))
    if not signal.finds:
        return (*figures, _NONE, duration(signal.each), _NONE)
    return (*figures, f"{math.ceil(seen.readings)}", duration(signal.each), duration(signal.seconds))


def _share(spread: float) -> str:
    if not math.isfinite(spread):
        return _NONE
    return f"{spread:.2g}" if spread >= 1 else f"{spread * 100:.2g}%"


def _separation(value: float) -> str:
    return f"{value:.1f}" if value < 100 else "over 100"


def _failing(signals: Signals) -> tuple[str, ...]:
    """That all runs failed alike, which is no reason against a suite of which some tests always fail."""
    if not signals.exit_code:
        return ()
    return (
        f"all runs end with exit code {signals.exit_code}: if the test stops before its work, these figures "
        "say nothing",
    )


def _refusals(signals: Signals) -> tuple[str, ...]:
    """Signals that cannot be used, by reason."""
    reasons: dict[str, list[str]] = {}
    for one in signals.found:
        if one.refused:
            reasons.setdefault(one.refused, []).append(one.name)
    return tuple(f"{', '.join(names)}: {why}" for why, names in reasons.items())


def _data(signals: Signals, written: str | None) -> dict[str, Any]:
    """The signals as JSON values; times in seconds, None for what is unknown or infinite."""
    return {
        "candidates": signals.candidates,
        "build": signals.build,
        "signals": [_one(signal) for signal in signals.found],
        "proposal": signals.best.proposal if signals.best else None,
        "written": written is not None,
        "obstacle": asdict(signals.obstacle) if signals.obstacle else None,
    }


def _one(signal: Signal) -> dict[str, Any]:
    seen = signal.outlook
    known = {"name": signal.name, "predicate": dict(signal.predicate), "finds": signal.finds}
    if seen is None:
        return {**known, "refused": signal.refused}
    return {
        **known,
        "step": seen.step.ratio,
        "low": _finite(seen.step.low),
        "high": _finite(seen.step.high),
        "spread": _finite(seen.spread),
        "separation": _finite(seen.separation),
        "readings": _finite(seen.readings) if signal.finds else None,
        "seconds_each": signal.each,
        "seconds": _finite(signal.seconds),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
