"""Regular expressions that a user wrote: refused where they cannot work, ended where they never end.

What Python's `re` takes is taken, and matched by `regex`, which can be given a limit: by backtracking,
patterns such as `(a|aa)+$` need time exponential in the line (https://swtch.com/~rsc/regexp/regexp1.html).
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator

from bisector.errors import UsageError

if TYPE_CHECKING:
    import regex

PATIENCE = 1.0
"""Seconds of the processor that one match may take; an honest one takes millionths."""

PATIENCE_IN_ALL = 120.0
"""Seconds that all matches of one pattern may take in one output, beside what honest ones take."""

_HONEST = 50e-6
"""Seconds for one line, which may be one of millions: some thirty times what a plain pattern takes."""

_LARGEST = 100_000
"""Letters that a pattern may ask for; `regex` writes counted repetitions out when it compiles them."""

_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|\{(?P<count>\d+)(?:,\d*)?\}|.", re.DOTALL)


class Bounded:
    """A pattern that is matched within limits, `flags` being those of `re`.

    Raises ValueError, whose text is the reason alone, for one that cannot work; the methods UsageError
    where they would take too long.
    """

    def __init__(self, text: str, flags: int = 0, patience: float = PATIENCE) -> None:
        self._text = text
        self._compiled = _compiled(text, flags)
        self._patience = patience
        self._left = PATIENCE_IN_ALL

    @property
    def groups(self) -> Collection[str]:
        """The names of its groups."""
        return self._compiled.groupindex

    def search(self, line: str) -> regex.Match[str] | None:
        """The first match in a line, as `re.search` finds it."""
        began = time.perf_counter()
        try:
            found = self._compiled.search(line, timeout=self._patience)
        except TimeoutError as error:
            raise self._too_slow(f"takes longer than {self._patience:g} s for one line") from error
        self._left -= time.perf_counter() - began - _HONEST
        if self._left < 0:
            raise self._too_slow(f"takes longer than {PATIENCE_IN_ALL:g} s for the output of one test")
        return found

    def replaced(self, template: str, text: str) -> tuple[str, int]:
        """`text` with all matches replaced, and how many there were; as `re.subn`."""
        import regex

        try:
            return self._compiled.subn(template, text, timeout=5 * self._patience)
        except regex.error as error:
            raise ValueError(str(error)) from error
        except TimeoutError as error:
            raise self._too_slow(f"takes longer than {5 * self._patience:g} s for one file") from error

    def _too_slow(self, how: str) -> UsageError:
        shown = self._text if len(self._text) <= 100 else f"{self._text[:100]}..."
        return UsageError(
            f"the regular expression {shown!r} {how}; write it without repetitions inside of repetitions, "
            "such as (a+)+, or alternatives that begin alike"
        )


def _compiled(text: str, flags: int) -> regex.Pattern[str]:
    import regex  # Few hunts have a pattern, and every probe would wait for it.

    try:
        with warnings.catch_warnings():
            # `re` announces what `[[` may mean some day; whoever wrote the hunt can do nothing with that.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(text, flags)
        if _length(text) > _LARGEST:
            raise ValueError(f"its repetitions ask for more than {_LARGEST:,} letters")
        return regex.compile(text, flags)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except (re.error, regex.error, OverflowError, MemoryError) as error:
        raise ValueError(str(error)) from error


def _length(text: str) -> int:
    """How many letters a pattern asks for at least when counts are written out; an upper bound."""
    totals, lasts = [0], [0]
    for part in _PART.finditer(text):
        if part[0] == "(":
            totals.append(0)
            lasts.append(0)
        elif part[0] == ")" and len(totals) > 1:
            inner = totals.pop()
            lasts.pop()
            lasts[-1] = inner
            totals[-1] += inner
        elif part["count"]:
            more = lasts[-1] * (int(part["count"][:9]) - 1)
            lasts[-1] += more
            totals[-1] += more
        else:
            lasts[-1] = 1
            totals[-1] += 1
        if totals[-1] > _LARGEST:
            return totals[-1]
    return sum(totals)


def _can_work(given: object) -> object:
    if not isinstance(given, str | re.Pattern):
        raise ValueError("expected a regular expression; write a text in quotes")
    if isinstance(given, str):
        try:
            _compiled(given, 0)
        except ValueError as error:
            raise ValueError(f"{given[:100]!r} is not a regular expression ({error}); mend it") from error
    return given


Regex = Annotated[re.Pattern[str], BeforeValidator(_can_work, json_schema_input_type=str)]
"""A pattern among a predicate's options."""
