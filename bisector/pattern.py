"""Regular expressions from the user: rejected if invalid, stopped if they take too long.

Accepts what Python's `re` accepts, but matches with `regex`, which has a time limit: with backtracking,
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
"""Seconds of CPU time that one match may take; normal ones take microseconds."""

PATIENCE_IN_ALL = 120.0
"""Seconds that all matches of one pattern may take in one output, beyond `_HONEST` per line."""

_HONEST = 50e-6
"""Seconds allowed per line, of which there may be millions: about thirty times a simple pattern's time."""

_LARGEST = 100_000
"""Characters that a pattern may require; `regex` expands counted repetitions when it compiles them."""

_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|\{(?P<count>\d+)(?:,\d*)?\}|.", re.DOTALL)


class Bounded:
    """A pattern with time limits; `flags` are those of `re`.

    Raises ValueError, whose text is only the reason, for an invalid pattern. Methods raise UsageError if
    they take too long.
    """

    def __init__(self, text: str, flags: int = 0, patience: float = PATIENCE) -> None:
        self._text = text
        self._compiled = _compiled(text, flags)
        self._patience = patience
        self._left = PATIENCE_IN_ALL

    @property
    def groups(self) -> Collection[str]:
        """The names of the groups."""
        return self._compiled.groupindex

    def search(self, line: str) -> regex.Match[str] | None:
        """The first match in a line, as in `re.search`."""
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
        """`text` with all matches replaced, and their number, as in `re.subn`."""
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
            f"the regular expression {shown!r} {how}; avoid nested repetitions such as (a+)+, and "
            "alternatives that begin alike"
        )


def _compiled(text: str, flags: int) -> regex.Pattern[str]:
    import regex  # Imported here because few hunts have a pattern, and every probe would wait for it.

    try:
        with warnings.catch_warnings():
            # `re` warns about a future meaning of `[[`, which is no use to the user.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(text, flags)
        if _length(text) > _LARGEST:
            raise ValueError(f"its repetitions require more than {_LARGEST:,} characters")
        return regex.compile(text, flags)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (re.error, regex.error, OverflowError, MemoryError) as error:
        raise ValueError(str(error)) from error


def _length(text: str) -> int:
    """An upper bound on the characters that a pattern requires after expanding counted repetitions."""
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
        raise ValueError(
            "expected a regular expression; put it in single quotes (in a shell: --set \"KEY='...'\")"
        )
    if isinstance(given, str):
        try:
            _compiled(given, 0)
        except ValueError as error:
            raise ValueError(f"{given[:100]!r} is not a regular expression ({error}); fix it") from error
    return given


Regex = Annotated[re.Pattern[str], BeforeValidator(_can_work, json_schema_input_type=str)]
"""The type of a pattern in a predicate's options."""
