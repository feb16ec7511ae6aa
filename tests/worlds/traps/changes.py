"""Traps between two starts: the predicate, an added file or the environment of a test changes.

Each history has two steps. The first start treats the lower one as the regression and the second the higher
one, or the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.worlds.draft import PATTERN, Draft, Plan, lines
from tests.worlds.traps import trap
from tests.worlds.world import FOLDER

_CLAIMS = ("steps", "judge", "plans", "levels")

_PREDICATE = f'''from bisector.predicate import Bad, Good, Judgement, Options, Predicate, Run, Untestable

LINE = r"{PATTERN}"


class Work(Predicate[Options]):
    """Bad when the work done is too much."""

    name = "work"
    Options = Options

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line of the figure."""
        return (LINE,)

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """By the last figure."""
        figures = run.matches.get(LINE)
        if not figures:
            return Untestable("it printed no figure")
        value = int(figures[-1].groups[0] or 0)
        return Bad(f"{{value}}") if value >= LIMIT else Good(f"{{value}}")
'''


def _twice(draft: Draft, extra: Callable[[int], dict[str, Any]]) -> None:
    """Two steps, and two starts with one limit each."""
    one, two = sorted(draft.rng.sample(range(1, draft.last + 1), 2))
    draft.steps = {one: 1, two: 1}
    limits = draft.rng.choice([(1, 2), (2, 1)])
    draft.plans = [Plan(limit, extra=extra(draft.limit_value(limit))) for limit in limits]


def _check(limit: int) -> str:
    return lines("#!/bin/sh", "sh $1 || exit $?", f"test $(cat result) -lt {limit}")


@trap("an edited predicate", *_CLAIMS)
def predicate(draft: Draft) -> None:
    """The user's own predicate changes before the second start."""
    draft.finish = 'echo "work: $value"'
    draft.hunt["predicate"] = {"name": "./work.py"}
    _twice(draft, lambda limit: {"files": {"work.py": _PREDICATE.replace("LIMIT", str(limit))}})


@trap("an edited script outside of the repository", *_CLAIMS)
def script(draft: Draft) -> None:
    """The command names a script outside the history."""
    draft.finish = 'echo "$value" >result'
    where = draft.rng.choice([f"sh {FOLDER}/check.sh", f"{FOLDER}/check.sh"])
    draft.test_script = f"{where} test.sh"
    _twice(draft, lambda limit: {"files": {"check.sh": _check(limit)}})


@trap("an edited program on PATH", *_CLAIMS)
def program(draft: Draft) -> None:
    """The command begins with a program that changes before the second start."""
    draft.finish = 'echo "$value" >result'
    draft.test_script = "check-work test.sh"
    _twice(draft, lambda limit: {"files": {"bin/check-work": _check(limit)}})


@trap("a changed variable that is passed", *_CLAIMS)
def passed(draft: Draft) -> None:
    """The hunt file passes a variable that changes before the second start."""
    draft.hunt["environment"] = {"pass": ["LIMIT"]}
    _twice(draft, lambda limit: {"variables": {"LIMIT": str(limit)}})


@trap("a changed variable that is set", *_CLAIMS)
def changed(draft: Draft) -> None:
    """The hunt file sets a variable to another value at the second start."""
    _twice(draft, lambda limit: {"hunt": {"environment": {"set": {"LIMIT": str(limit)}}}})


@trap("an edited overlay", *_CLAIMS)
def overlay(draft: Draft) -> None:
    """The overlay has a file whose contents change before the second start."""
    draft.test_lines.append("read limit <limit-file")
    draft.hunt["overlay"] = [{"file": "limit-file", "to": "limit-file"}]
    _twice(draft, lambda limit: {"files": {"limit-file": f"{limit}\n"}})


@trap("an edited patch", *_CLAIMS)
def patch(draft: Draft) -> None:
    """The overlay has a patch that changes before the second start."""
    draft.files["limit-file"] = "0\n"
    draft.test_lines.append("read limit <limit-file")
    draft.hunt["overlay"] = [{"patch": "limit.patch"}]
    head = ["--- a/limit-file", "+++ b/limit-file", "@@ -1 +1 @@", "-0"]
    _twice(draft, lambda limit: {"files": {"limit.patch": lines(*head, f"+{limit}")}})


@trap("another test under the same name", *_CLAIMS, "declared")
def other_test(draft: Draft) -> None:
    """The hunt keeps its name and has another test."""
    _twice(draft, lambda limit: {"hunt": {"test": {"command": f"LIMIT={limit} sh test.sh"}}})


@trap("another build in one store", *_CLAIMS, "declared")
def other_build(draft: Draft) -> None:
    """Two hunts share a scratch folder and build the same commits in two ways."""
    draft.builds = True
    draft.build_lines.append('echo "$LIMIT" >out/limit')
    draft.test_lines.append("read limit <out/limit")

    def asked(limit: int) -> dict[str, Any]:
        build = {"command": f"LIMIT={limit} sh build.sh", "outputs": ["out"]}
        return {"hunt": {"hunt": f"h{limit}", "build": build}}

    _twice(draft, asked)


@trap("a machine that is repaired", "plans", "judge", "levels")
def mended(draft: Draft) -> None:
    """At the first start a service is missing: every test fails, or none can be run."""
    code, wrong = draft.rng.choice([(1, "good-is-bad"), (125, "inconclusive")])
    draft.test_lines.insert(0, f"test -e {FOLDER}/service || exit {code}")
    draft.plans = [
        Plan(right=frozenset({wrong})),
        Plan(extra={"files": {"service": "here\n"}}),
    ]
