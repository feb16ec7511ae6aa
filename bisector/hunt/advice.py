"""What a person sees when a hunt could not begin: the test's own words, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bisector.hunt_file.flow import in_flow


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The last lines that a build or a test of one commit printed.

    `end` is "good" or "bad" for an endpoint, else empty; `why` is the reason of the judgement. The lines are
    hostile text, but without values of variables that the hunt file passes on.
    """

    commit: str
    end: str
    why: str
    lines: tuple[str, ...]
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that may mend the hunt.

    `key` is a dotted key of the hunt file to set, '' for none; `added` is what it gets, and `value` the same
    with what the hunt has there already. `command` is a command for the shell, '' for none.
    """

    why: str
    key: str = ""
    added: object = None
    value: object = None
    command: str = ""

    @property
    def written(self) -> str:
        """The line to add to a hunt file; empty if there is none."""
        section, _, name = self.key.partition(".")
        return f"{section}: {in_flow({name: self.added} if name else self.added)}" if section else ""


def advice_to_set(why: str, key: str, value: object, before: object = None) -> Advice:
    """Advice to set a dotted key to `value`; a list is added to what the key has `before`."""
    return Advice(why, key, added=value, value=extended(before, value))


def extended(before: object, added: object) -> object:
    """A list with `added` at its end; any other value is replaced."""
    return [*before, *added] if isinstance(before, list) and isinstance(added, list) else added
