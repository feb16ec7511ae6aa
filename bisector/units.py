"""Durations and sizes as users write them: `90s`, `20m`, `8GiB`.

`Duration` and `Size` are types for pydantic models: they accept such text or a plain number, and return
seconds (float) or bytes (int). An error is one sentence that names the accepted forms.
"""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BeforeValidator

MINUTE = 60.0
MIB = 1024**2
GIB = 1024**3

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "k": 1024,
    "m": 1024**2,
    "g": 1024**3,
    "t": 1024**4,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
}

_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)")
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")


def parse_duration(value: object) -> float:
    """The seconds in `value`: a number of seconds, or text such as `3s`, `1.5h`, `250ms`, `1h 30m`.

    Raises ValueError for anything else, and for negative and infinite values.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        seconds = _duration_of_text(value) if isinstance(value, str) else math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{value!r} is not a duration; write 3s, 10m, 1h30m, 250ms or a number of seconds")
    return seconds


def _duration_of_text(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    total, position = 0.0, 0
    stripped = text.strip().lower()
    while position < len(stripped):
        part = _PART.match(stripped, position)
        if part is None or part[2] not in SECONDS:
            return math.nan
        total += float(part[1]) * SECONDS[part[2]]
        position = part.end()
    return total if stripped else math.nan


def parse_size(value: object) -> int:
    """The bytes in `value`: a number of bytes, or text such as `8GiB`, `512M` (binary) or `1.5GB` (decimal).

    Raises ValueError for anything else and for negative values.
    """
    size: float = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and (part := _SIZE.fullmatch(value.lower())):
        size = float(part[1]) * BYTES.get(part[2] or "b", math.nan)
    if not 0 <= size < math.inf:
        raise ValueError(f"{value!r} is not a size; write 512MiB, 8GiB, 1.5GB or a number of bytes")
    return round(size)


def format_duration(seconds: float) -> str:
    """A short text for a duration; `parse_duration` reads it back with the digits shown."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.3g}s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = ((hours, "h"), (minutes, "m"), (0 if hours else rest, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def format_seconds(seconds: float) -> str:
    """A measured time with three digits, never in powers of ten: `1206 s`, `1.06 s`, `46.5 ms`, `0.25 µs`."""
    steps = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
    unit, factor = next((step for step in steps if seconds >= 0.9995 * step[1]), steps[-1])
    value = seconds / factor
    return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.3g} {unit}"


def format_size(size: float) -> str:
    """A short text for a size in binary units; `parse_size` reads it back with the digits shown."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        factor = BYTES[unit.lower()]
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size:.0f} B"


Duration = Annotated[float, BeforeValidator(parse_duration, json_schema_input_type=str | float)]
"""Seconds; accepts the input of `parse_duration`."""

Size = Annotated[int, BeforeValidator(parse_size, json_schema_input_type=str | int)]
"""Bytes; accepts the input of `parse_size`."""
