"""Hunt records for the tests of the reports: small histories with merges, read as a real hunt would."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bisector.hunt.conclusion import (
    AnyOf,
    BadIsGood,
    Conclusion,
    Effect,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
)
from bisector.hunt.failed_builds import FailedBuilds
from bisector.hunt.record import CommitInfo, HuntRecord, Reading, Role
from bisector.predicate import Bad, Contention, Ending, Good, Judgement, Measured, Run, Untestable

START = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script> | `rm -rf` **x** [a](javascript:b) <!-- -->\n"
    "# head\x1b[31m\u202e\x00 @me &lt;\udc80"
)
SUBJECTS = (
    "tcl: Phase 5 channel I/O",
    "spec: document frames",
    "ocaml: share environments between frames",
    "lua: string.format widths",
    "jit: key the cache on the call site",
    "prolog: findall/3 keeps variable order",
    "haskell: where clauses in instances",
    "erlang: receive with timeouts",
)


def commit_id(name: object) -> str:
    """A full commit id."""
    return hashlib.sha1(str(name).encode()).hexdigest()


def history(length: int, subject: str = "") -> list[CommitInfo]:
    """The good endpoint and `length` candidates, topological. Every 11th is a merge of a branch of three."""
    commits: list[CommitInfo] = []
    trunk = branch = 0
    for n in range(length + 1):
        place = n % 11
        parents = [trunk] if n else []
        if place == 10:
            parents.append(branch)
        elif place in (6, 8, 9):
            parents = [trunk if place == 6 else branch]
            branch = n
        if place not in (6, 8, 9):
            trunk = n
        text = subject or SUBJECTS[n % len(SUBJECTS)]
        commits.append(
            CommitInfo(
                id=commit_id(n),
                parents=tuple(commit_id(p) for p in parents),
                subject=f"Merge branch 'loops/tcl' ({n})" if place == 10 and not subject else text,
                author=subject or ("Ann Example", "Bo Sample")[n % 2],
                date=START - timedelta(days=length - n),
            )
        )
    return commits


def run(user: float, *, load: float = 1.2, pressure: float = 0.02) -> Run:
    """A finished test that took `user` seconds of CPU time."""
    contention = Contention(load, pressure, 0.0, 12, 0.97)
    return Run(
        user * 1.1, user, user * 0.05, 90 << 20, ending=Ending.EXITED, exit_code=0, contention=contention
    )


def bad_ids(commits: Sequence[CommitInfo], first: str) -> set[str]:
    """The first bad commit and its descendants."""
    bad = {first}
    for info in commits:
        if bad.intersection(info.parents):
            bad.add(info.id)
    return bad


def halving(length: int, target: int, broken: Iterable[int]) -> list[int]:
    """The positions that a bisection of 1..length for `target` reads, with `broken` ones and neighbours."""
    low, high, order = 0, length, []
    unusable = set(broken)
    while high - low > 1:
        middle = (low + high) // 2
        order.append(middle)
        free = [i for i in range(low + 1, high) if i not in unusable]
        if middle in unusable:
            if not free:
                return order + [i for i in range(low + 1, high) if i not in order]
            middle = min(free, key=lambda i: abs(i - middle))
            order.append(middle)
        low, high = (low, middle) if middle >= target else (middle, high)
    return order


def measured(
    length: int = 41, target: int = 27, ratio: float = 6.2, broken: Iterable[int] = (20, 21), seed: int = 7
) -> HuntRecord:
    """A paired timing hunt with a confirmed first bad commit, on a machine whose speed drifts."""
    commits = history(length)
    broken = set(broken)
    chance = random.Random(seed)
    bad = bad_ids(commits, commits[target].id)
    readings: list[Reading] = []

    def read(n: int, role: Role) -> None:
        at = START + timedelta(minutes=len(readings))
        if n in broken:
            why = "it does not build: Error: Unbound value env_share"
            readings.append(Reading(commits[n].id, role, Untestable(why), at, build_seconds=14.2))
            return
        drift = 1 + 0.25 * math.sin(len(readings) / 6)
        noise = math.exp(chance.gauss(0, 0.03))
        value = (ratio if commits[n].id in bad else 1.0) * noise
        busy = len(readings) % 9 == 4
        tested = run(0.0465 * drift * value, load=7.4 if busy else 1.3, pressure=0.31 if busy else 0.02)
        why = f"user time per test {46.5 * drift * value:.1f} ms, {value:.2f} times the reference's"
        readings.append(
            Reading(
                commits[n].id, role, Measured(value, why), at, tested, run(0.0465 * drift),
                build_seconds=9.5, log=Path(f"logs/{commits[n].id[:12]}.txt"), against=commits[0].id,
            )
        )  # fmt: skip

    for _ in range(3):
        read(0, Role.PREMISE)
        read(length, Role.PREMISE)
    for n in halving(length, target, broken):
        for _ in range(1 if n in broken else 2):
            read(n, Role.SEARCH)
    for _ in range(3):
        for parent in commits[target].parents:
            read([c.id for c in commits].index(parent), Role.CONFIRMATION)
        read(target, Role.CONFIRMATION)
    effect = Effect(ratio * 1.004, ratio * 0.95, ratio * 1.06, 6, 0.0002)
    found = FirstBad(commits[target].id, 0.9971, True, effect, commits[target].parents)
    posterior = {commits[target].id: 0.9971, commits[target - 1].id: 0.0019, commits[target + 2].id: 0.001}
    return record(commits, readings, found, premise=effect, posterior=posterior)


def record(
    commits: Sequence[CommitInfo],
    readings: Sequence[Reading],
    conclusion: Conclusion | None,
    *,
    premise: Effect | None = None,
    posterior: dict[str, float] | None = None,
    name: str = "tcl",
    predicate: str = "per_test_user_time",
) -> HuntRecord:
    """A record over `commits`. The first is good and the last bad."""
    return HuntRecord(
        name=name,
        repository=Path("/srv/sx"),
        good=[commits[0]],
        bad=commits[-1],
        predicate=predicate,
        commits={c.id: c for c in commits},
        candidates=[c.id for c in commits[1:]],
        readings=readings,
        conclusion=conclusion,
        premise=premise,
        posterior=posterior or {},
        started=START,
        finished=START + timedelta(minutes=12, seconds=25) if conclusion else None,
        machine={"cpu": "AMD EPYC 7B13", "cores": "2", "memory": "7.6 GiB", "kernel": "Linux 6.1"},
        reproduce="bisector run --config tcl.yaml --good 83dbb595 --bad architecture",
    )


def verdict(length: int = 41, target: int = 27, broken: Iterable[int] = ()) -> HuntRecord:
    """A hunt with verdicts: good, bad or untestable."""
    commits, broken = history(length), set(broken)
    bad = bad_ids(commits, commits[target].id)

    def judgement(n: int) -> Judgement:
        if n in broken:
            return Untestable("it does not build: dune exited with 1")
        if commits[n].id in bad:
            return Bad("0 of 9 markers within 120 s")
        return Good("9 of 9 markers within 36.8 s")

    order = [(0, Role.PREMISE), (length, Role.PREMISE)]
    order += [(n, Role.SEARCH) for n in halving(length, target, broken)]
    readings = [
        Reading(commits[n].id, role, judgement(n), START + timedelta(minutes=i), run(36.8), build_seconds=8)
        for i, (n, role) in enumerate(order)
    ]
    found = FirstBad(commits[target].id, 1.0, False)
    return record(
        commits,
        readings,
        found,
        name="erlang",
        predicate="markers_within",
        posterior={commits[target].id: 1.0},
    )


def merge() -> HuntRecord:
    """A first bad commit that is a merge with two good parents."""
    return measured(target=32, broken=())


def any_of(length: int = 41, first: int = 24, last: int = 28) -> HuntRecord:
    """Only commits that do not build are left."""
    found = verdict(length, first, range(first, last))
    left = tuple(found.candidates[first - 1 : last])
    odds = tuple(1 / len(left) for _ in left)
    return replace(found, conclusion=AnyOf(left, odds), posterior=dict(zip(left, odds, strict=True)))


def none() -> HuntRecord:
    """No regression: the endpoints are measured and there is no step."""
    whole = measured(ratio=1.01, target=39, broken=())
    effect = Effect(1.01, 0.97, 1.05, 6)
    why = "Good and bad do not differ."
    readings = [r for r in whole.readings if r.role is Role.PREMISE]
    return replace(
        whole, readings=readings, conclusion=NoRegression(why, effect), premise=effect, posterior={}
    )


def hostile() -> HuntRecord:
    """Every text from a repository or a program is an attack."""
    commits = history(12, HOSTILE)
    readings = [
        Reading(commits[0].id, Role.PREMISE, Good(HOSTILE), START, run(1)),
        Reading(commits[12].id, Role.PREMISE, Bad(HOSTILE), START, run(1), log=Path("a/<b>&\"c'.txt")),
        Reading(commits[4].id, Role.SEARCH, Untestable(HOSTILE), START),
        Reading(commits[5].id, Role.SEARCH, Bad(HOSTILE), START),
    ]
    whole = record(commits, readings, FirstBad(commits[5].id, 0.9, False), name=HOSTILE, predicate=HOSTILE)
    failed = FailedBuilds(HOSTILE, (commits[4].id, commits[5].id), (), commits[5].id, commits[6].id)
    reproduce = "echo '```' <b> \u202e" + HOSTILE
    return replace(whole, machine={HOSTILE: HOSTILE}, reproduce=reproduce, failed_builds=[failed])


def good_is_bad() -> HuntRecord:
    """The premise failed: the good endpoint has the regression."""
    whole = verdict()
    return replace(
        whole, readings=whole.readings[:2], conclusion=GoodIsBad("good is bad already"), posterior={}
    )


def premise_failed(conclusion: Conclusion) -> HuntRecord:
    """A hunt that ended with its premise."""
    whole = measured()
    return replace(whole, readings=whole.readings[:6], conclusion=conclusion, posterior={})


def inconclusive() -> HuntRecord:
    """The budget was spent with three commits left."""
    whole = measured()
    left = tuple(whole.candidates[24:27])
    odds = (0.5, 0.3, 0.2)
    end = Inconclusive("The budget of 10 min is spent.", left, odds)
    return replace(
        whole, readings=whole.readings[:14], conclusion=end, posterior=dict(zip(left, odds, strict=True))
    )


def unfinished() -> HuntRecord:
    """A hunt that was stopped in the middle."""
    whole = measured()
    return replace(whole, readings=whole.readings[:9], conclusion=None, finished=None)


CASES: dict[str, Callable[[], HuntRecord]] = {
    "measured": measured,
    "verdict": verdict,
    "merge": merge,
    "any_of": any_of,
    "none": none,
    "hidden": lambda: any_of(120, 61, 66),
    "hostile": hostile,
    "good_is_bad": good_is_bad,
    "bad_is_good": lambda: premise_failed(BadIsGood("bad is better", Effect(0.5, 0.4, 0.6, 3))),
    "merge_base": lambda: premise_failed(MergeBaseIsBad(commit_id(0), "where they part is bad already")),
    "inconclusive": inconclusive,
    "unfinished": unfinished,
    "long": lambda: measured(3000, 1777),
    "whole": lambda: measured(28, 19, broken=(8, 9, 10)),
}
