"""A world: a small repository in which something is wrong on purpose, what is done with it, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.git_history import Node

REFUSED = "refused"
"""Stands beside conclusions for exit code 2: what was asked for, or the hunt file, has to be mended."""

FOLDER = "{folder}"
"""Stands for the world's own folder wherever a text of the world is written down."""


@dataclass(frozen=True)
class Truth:
    """What a start may say and be right, known without asking bisector."""

    first: frozenset[str]
    """Names of the commits where the regression begins: bad, and all of their parents good."""
    right: frozenset[str] = frozenset()
    """Conclusions that are right beside `first-bad`, such as `no-regression`."""
    honest: frozenset[str] = frozenset({"inconclusive"})
    """Conclusions that claim nothing untrue, though a better one may be possible."""
    untestable: frozenset[str] = frozenset()
    """Names of the commits that cannot be tested; only such a set may stand beside the answer."""


@dataclass(frozen=True)
class Start:
    """One start of bisector, and what happens before it; its names are those of commits."""

    truth: Truth
    files: Mapping[str, str | None] = field(default_factory=dict)
    """Written beside the hunt file before this start (None deletes)."""
    hunt: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the hunt file that are other ones from here on."""
    branches: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    killed_after: float | None = None
    """Seconds after which bisector gets SIGKILL, and what it says is not judged."""


@dataclass(frozen=True)
class World:
    """All of a world: the same for the same seed and number."""

    seed: int
    number: int
    traps: tuple[str, ...]
    nodes: tuple[Node, ...]
    hunt: Mapping[str, Any]
    starts: tuple[Start, ...]
    library: tuple[Node, ...] = ()
    """The history of a submodule at `lib`; a commit names the one that it has by its name."""
    private: tuple[str, ...] = ()
    """Names in the temporary folder that are the project's own and may stay there."""
