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
class HereRun:
    """A command of the hunt, run once in the user's own checkout, beside its run in a slot.

    `what` is "test" or "build". It ran in `folder`, with the commit `head` (a full id) checked out and local
    changes to the tracked files `changed`. `ended` says how it ended, `exit_code` is None unless it exited.
    `lines` are the last that it printed: hostile text, without values of the shell's variables.
    """

    what: str
    folder: Path
    head: str
    changed: tuple[str, ...]
    ended: str
    exit_code: int | None
    lines: tuple[str, ...]
    log: Path
    slot: Excerpt
    """The run in a slot that it is compared with."""
    slot_exit_code: int | None
    differs: tuple[str, ...]
    """What is different, a sentence each."""
    left: tuple[str, ...]
    """Files of the checkout that are new or changed since, and `HEAD` if that moved."""


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
