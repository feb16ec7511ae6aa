"""The result of `bisector axes`: what makes the difference between old and new values."""

from __future__ import annotations

from bisector.errors import ExitCode
from bisector.hunt.axes import Found
from bisector.hunt.conclusion import NoRegression, name_of
from bisector.phases.result import Block, Bullets, Code, Paragraph, Result
from bisector.predicate import Untestable
from bisector.probe.reading import Reading
from bisector.report import findings
from bisector.report.last_output import last_lines


def axes_result(found: Found) -> Result:
    """The sets of axes that make the difference, each confirmed."""
    record, terms = found.record, found.record.terms
    conclusion = record.conclusion
    title = f"Axes at {found.commit[:12]}: {_title(found)}"
    blocks: list[Block] = [Paragraph(_sentence(found), strong=True)]
    blocks += [Bullets(tuple(_named(one, ratio) for one, ratio in found.sets))] if found.sets else []
    blocks += _output(found)
    return Result(
        phase="axes",
        key=found.key,
        hunt=record.name,
        title=title,
        blocks=tuple(blocks),
        data={
            "commit": found.commit,
            "axes": list(found.axes),
            "conclusion": name_of(conclusion, fix=terms.better) if conclusion else None,
            "sets": [{"axes": list(one), "ratio": ratio} for one, ratio in found.sets],
            "answer": _sentence(found),
            "open": found.why or None,
        },
        exit_code=_exit_code(found),
    )


def _exit_code(found: Found) -> int:
    conclusion = found.record.conclusion
    if not found.differ:
        return int(conclusion.exit_code) if conclusion else ExitCode.INCONCLUSIVE
    return int(ExitCode.INCONCLUSIVE if found.why else ExitCode.FIRST_BAD)


def _title(found: Found) -> str:
    if not found.differ:
        return _without_difference(found)
    if not found.sets:
        return "open"
    names = [" with ".join(part.partition(":")[0] for part in one) for one, _ in found.sets]
    return ", or ".join(names)


def _sentence(found: Found) -> str:
    terms = found.record.terms
    if not found.differ:
        return f"{_without_difference(found)}."
    if not found.sets:
        return f"The new values are {terms.new}, the old ones {terms.old}, but {found.why}."
    each = "Each of these sets makes" if len(found.sets) > 1 else "This makes"
    more = f"; {found.why}" if found.why else ""
    return f"{each} it {terms.new}, confirmed, with all other values as before{more}."


def _without_difference(found: Found) -> str:
    """Why no axis was looked for: the old and the new values are alike, or cannot be tested."""
    conclusion = found.record.conclusion
    if isinstance(conclusion, NoRegression):
        return f"The old and the new values do not differ: {conclusion.why}"
    if (reading := _untestable(found)) is not None:
        side = "new" if reading.commit == found.new else "old"
        return f"The {side} values cannot be tested: {reading.judgement.why}"
    return findings.reason(found.record).rstrip(".") or "No answer"


def _untestable(found: Found) -> Reading | None:
    """The last reading of values that cannot be tested."""
    readings = reversed(found.record.readings)
    return next((one for one in readings if isinstance(one.judgement, Untestable)), None)


def _output(found: Found) -> list[Block]:
    """What values that cannot be tested printed last."""
    reading = None if found.differ else _untestable(found)
    lines = last_lines(found.record, reading) if reading else []
    return [Code("\n".join(lines))] if lines else []


def _named(axes: tuple[str, ...], ratio: float | None) -> str:
    return ", together with ".join(axes) + (f" ({ratio:.2f}x)" if ratio else "")
