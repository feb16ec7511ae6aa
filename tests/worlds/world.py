"""A world: a small repository with something wrong on purpose, what is done with it, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.git_history import Node

REFUSED = "refused"
"""Used with conclusions for exit code 2: the request or the hunt file has to be fixed."""

FOLDER = "{folder}"
"""Stands for the world's own folder in all its texts."""


@dataclass(frozen=True)
class Truth:
    """The right answers of a start, known without asking bisector."""

    first: frozenset[str]
    """Names of the commits where the regression begins: bad, with only good parents."""
    right: frozenset[str] = frozenset()
    """Conclusions that are right besides `first-bad`, such as `no-regression`."""
    honest: frozenset[str] = frozenset({"inconclusive"})
    """Conclusions that claim nothing false, although a better one may be possible."""
    untestable: frozenset[str] = frozenset()
    """Names of the untestable commits. Only these may be named in addition to the answer."""


@dataclass(frozen=True)
class Start:
    """One start of bisector, and what happens before it. Its names are those of commits."""

    truth: Truth
    files: Mapping[str, str | None] = field(default_factory=dict)
    """Files written next to the hunt file before this start (None deletes)."""
    hunt: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the hunt file that change from this start on."""
    branches: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    killed_after: float | None = None
    """Seconds after which bisector gets SIGKILL. Its output is not judged."""


@dataclass(frozen=True)
class World:
    """The complete world. It is the same for the same seed and number."""

    seed: int
    number: int
    traps: tuple[str, ...]
    nodes: tuple[Node, ...]
    hunt: Mapping[str, Any]
    starts: tuple[Start, ...]
    library: tuple[Node, ...] = ()
    """The history of a submodule at `lib`. Commits refer to its commits by name."""
    private: tuple[str, ...] = ()
    """Names in the temporary folder that belong to the project and may stay there."""
