"""A world in preparation: traps change it, then it is written with its truth.

A commit has a *level*, the number of steps up to it. Its program prints 100 times `factor` to that power. A
commit is bad from `limit` levels on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.git_history import Node
from tests.worlds.world import REFUSED, Start, Truth, World

PATTERN = r"work: (?P<value>\d+)"


@dataclass
class Plan:
    """A start in preparation: its endpoints, and the level from which on a commit is bad."""

    limit: int = 1
    good: int | None = None
    bad: int | None = None
    right: frozenset[str] = frozenset()
    """Conclusions that are right instead of a commit, whatever the levels are."""
    honest: frozenset[str] = frozenset()
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of `Start`, unchanged."""


@dataclass
class Draft:
    """History, scripts and hunt file, before they are written."""

    rng: Random
    parents: list[tuple[int, ...]]
    steps: dict[int, int]
    """By commit, the difference to the highest level of its parents."""
    factor: float = 2.0
    builds: bool = False
    judge: str = "exit"
    drift: list[int] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    candidates: set[int] | None = None
    first_parent: bool = False
    elsewhere: bool = False
    """Whether the value is outside `app`, which is then the same in all commits."""
    build_lines: list[str] = field(default_factory=list)
    test_lines: list[str] = field(default_factory=list)
    finish: str = 'test "$value" -lt "$limit"'
    test_script: str = "sh test.sh"
    files: dict[str, str] = field(default_factory=dict)
    modes_of: dict[int, dict[str, str]] = field(default_factory=dict)
    library: list[Node] = field(default_factory=list)
    files_of: dict[int, dict[str, str | None]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=lambda: ["/out"])
    hunt: dict[str, Any] = field(default_factory=dict)
    build: dict[str, Any] = field(default_factory=dict)
    test: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=lambda: [Plan()])
    private: list[str] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The newest commit, which is bad unless a start says otherwise."""
        return len(self.parents) - 1

    def inner(self, *but: int) -> int:
        """A random commit that is neither the first nor the last, nor one of these."""
        return self.rng.choice([at for at in range(1, self.last) if at not in but])

    def limit_value(self, limit: int) -> int:
        """The value from which on a commit is bad."""
        return round(100 * self.factor**limit * (1 + 1 / self.factor) / 2)

    def value(self, at: int) -> int:
        """The value that a commit's program prints."""
        return round(100 * self.factor ** self.levels()[at]) + (self.drift[at] if self.drift else 0)

    def levels(self) -> list[int]:
        """The level of each commit."""
        found: list[int] = []
        for at, parents in enumerate(self.parents):
            found.append(max((found[p] for p in parents), default=0) + self.steps.get(at, 0))
        return found

    def may_be_refused(self) -> None:
        """A wrong hunt file may be refused, with a sentence that says where."""
        for plan in self.plans:
            plan.honest |= {REFUSED}

    def finished(self, seed: int, number: int, traps: Sequence[str]) -> World:
        """The world in its present state."""
        starts = [self._start(plan) for plan in self.plans]
        killed = [replace(starts[0], killed_after=after) for after in self.kills]
        return World(
            seed,
            number,
            tuple(traps),
            tuple(self._nodes()),
            self._hunt(),
            (*killed, *starts),
            tuple(self.library),
            tuple(self.private),
        )

    def _start(self, plan: Plan) -> Start:
        return Start(self.truth(plan), **plan.extra)

    def truth(self, plan: Plan) -> Truth:
        """The right answers for a start."""
        levels, untestable = self.levels(), frozenset(map(name, self.broken))
        honest = frozenset({"inconclusive"}) | plan.honest
        good, bad = plan.good or 0, self.last if plan.bad is None else plan.bad
        limit = levels[good] + 1 if self.judge == "counter" else plan.limit
        right = plan.right or self._ending(levels, limit, good, bad)
        if right:
            return Truth(frozenset(), right, honest, untestable)
        first = frozenset(name(at) for at in self._first(levels, limit, good, bad))
        return Truth(first, frozenset() if first else frozenset({"inconclusive"}), honest, untestable)

    def _ending(self, levels: list[int], limit: int, good: int, bad: int) -> frozenset[str]:
        """The conclusion that follows from the endpoints alone, if there is one."""
        if {good, bad} & self.broken:
            return frozenset({"inconclusive"})
        if levels[good] >= limit:
            return frozenset({"good-is-bad"})
        return frozenset({"no-regression"} if levels[bad] < limit else ())

    def _first(self, levels: list[int], limit: int, good: int, bad: int) -> list[int]:
        """The commits where the regression begins: every step of a value, or every change to bad."""
        inside = self._ancestors(bad) - self._ancestors(good)
        if self.candidates is not None:
            inside &= self.candidates
        found = []
        for at in inside:
            before = max((levels[p] for p in self._ways(at)), default=0)
            begins = levels[at] > before if self.judge == "counter" else levels[at] >= limit > before
            found += [at] if begins else []
        return found

    def _ways(self, at: int) -> tuple[int, ...]:
        return self.parents[at][:1] if self.first_parent else self.parents[at]

    def _ancestors(self, tip: int) -> set[int]:
        found, pending = set[int](), [tip]
        while pending:
            at = pending.pop()
            if at not in found:
                found.add(at)
                pending += self._ways(at)
        return found

    def _nodes(self) -> list[Node]:
        nodes, trees = [], list[dict[str, str]]()
        for at, parents in enumerate(self.parents):
            tree = self._tree(at)
            before = trees[parents[0]] if parents else {}
            changed: dict[str, str | None] = {p: text for p, text in tree.items() if before.get(p) != text}
            gone = dict.fromkeys(before.keys() - tree.keys())
            modes = self.modes_of.get(at, {})
            changed |= {path: tree[path] for path in modes}
            nodes.append(Node(name(at), [name(p) for p in parents], {**changed, **gone}, modes))
            trees.append(tree)
        return nodes

    def _tree(self, at: int) -> dict[str, str]:
        value = 100 if self.elsewhere else self.value(at)
        source = "out/app" if self.builds else "app"
        build = ["test ! -e broken || exit 3", "mkdir -p out", "cp app out/app", *self.build_lines]
        test = [
            f"read value <{source}",
            f"limit=${{LIMIT:-{self.limit_value(1)}}}",
            *([] if self.builds else ["test ! -e broken || exit 125"]),
            *self.test_lines,
            self.finish,
        ]
        files: dict[str, str | None] = {
            ".gitignore": lines(*self.ignored),
            "app": f"{value}\n",
            "build.sh": lines(*build),
            "test.sh": lines(*test),
            "n": f"{at}\n",
            **({"broken": "it does not build\n"} if at in self.broken else {}),
            **self.files,
            **self.files_of.get(at, {}),
        }
        return {path: text for path, text in files.items() if text is not None}

    def _hunt(self) -> Mapping[str, Any]:
        build = {"build": {"command": "sh build.sh", **self.build}} if self.builds else {}
        environment = {"environment": {"set": self.variables}} if self.variables else {}
        test = {"command": self.test_script, "timeout": "20s", **self.test}
        return {"good": name(0), "bad": name(self.last), **build, "test": test, **environment, **self.hunt}


def name(at: int) -> str:
    """The name of a commit."""
    return f"c{at}"


def lines(*texts: str) -> str:
    """A file with these lines."""
    return "".join(f"{text}\n" for text in texts)
