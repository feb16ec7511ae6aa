"""The object that `--json` prints."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

from bisector.hunt.advice import Excerpt, HereRun
from bisector.hunt.conclusion import AnyOf, Conclusion, Effect, FirstBad, Inconclusive, Steps, name_of
from bisector.hunt.descend.level import Level
from bisector.hunt.failed_builds import FailedBuilds
from bisector.hunt.record import HuntRecord
from bisector.report import bounds, failed_builds_words, findings
from bisector.report.explained import explained
from bisector.report.saved import saved


def summary(record: HuntRecord, report: Path | None = None) -> dict[str, object]:
    """The outcome as JSON values; every key is always present, null if it does not apply."""
    return {
        **_answer(record),
        **_ratio(record),
        **_effort(record),
        **_hunt(record),
        "report": str(report) if report else None,
        **_what_next(record),
    }


def _answer(record: HuntRecord) -> dict[str, object]:
    """What the hunt found.

    `commit` is the answer: the first bad commit, or the first fixed one if `find` is "fix"; `first_bad` only
    the former. `terms` has the words for commits like the old and the new endpoint, `exit_code` is that of
    `run`, `confidence` a probability (0..1). `likeliest` lists the candidates of an inconclusive hunt, each
    with its `probability`, `steps` every step of a hunt with `find` "all", oldest first. `descent`
    lists the steps down from the answer, the outermost first: the `range` of each, its `answer` (a commit
    id; of kind "submodules", their paths) and whether that is `confirmed`. Of kind "changes" are those
    of a commit that make its parent bad: `changes` says where they are, `of_changes` how many there are in
    all, `patch` is for `git apply`, and `share` is the part of the commit's effect that they explain.
    `untestable_groups` lists the commits that do not build, by their `error`, in which numbers, addresses and
    paths of slots are masked. `range` is where the history fixes them, `fixed_by` the commit that does if
    that is known exactly, and `add` the line of a hunt file that picks it.
    """
    conclusion = record.conclusion
    found = conclusion if isinstance(conclusion, FirstBad) else None
    return {
        "conclusion": name_of(conclusion, fix=record.terms.better) if conclusion else None,
        "exit_code": int(conclusion.exit_code) if conclusion else None,
        "find": _find(record),
        "terms": {"old": record.terms.old, "new": record.terms.new},
        "headline": findings.headline(record),
        "commit": found.commit if found else None,
        "first_bad": found.commit if found and not record.terms.better else None,
        "confirmed": found.confirmed if found else None,
        "any_of": list(conclusion.commits) if isinstance(conclusion, AnyOf) else None,
        "likeliest": _likeliest(conclusion),
        "steps": _steps(conclusion),
        "untestable_groups": [_group(one) for one in record.failed_builds],
        "descent": [_level(at, level) for at, level in enumerate(record.descent, start=1)],
        "confidence": findings.confidence(record),
    }


def _ratio(record: HuntRecord) -> dict[str, object]:
    """How many times worse, with `find` "fix" better, the answer is.

    `interval` is the 95% interval as [low, high] (null for a single pair), `p` the p-value of no difference.
    `of` is the ratio of the endpoints, and `unexplained` what is left of it for other commits, if that is
    sure. `at_least` is a lower bound of a ratio that was not measured to its end.
    """
    effect, partly = findings.effect(record), explained(record)
    return {
        "ratio": _finite(effect.ratio) if effect else None,
        "interval": _interval(effect),
        "p": effect.p if effect else None,
        "of": _finite(record.premise.ratio) if record.premise else None,
        "unexplained": _finite(partly.rest.ratio) if partly else None,
        "at_least": bounds.at_least(record),
    }


def _effort(record: HuntRecord) -> dict[str, object]:
    """What it took: `seconds` of wall time from start to end, `probes` and `skipped` as numbers of commits.

    `saved` describes runs that were stopped early: the number of `runs` and an estimate of the `seconds`
    saved. `ahead` describes prefetched builds: their number, their `seconds`, and both for the unused ones.
    """
    early = saved(record)
    return {
        "probes": record.probes,
        "readings": len(record.readings),
        "skipped": len(findings.skipped(record)),
        "seconds": findings.seconds(record),
        "saved": asdict(early) if early else None,
        "ahead": asdict(record.ahead) if record.ahead else None,
    }


def _hunt(record: HuntRecord) -> dict[str, object]:
    """Which hunt it was: `good` are the ids of the old endpoints, `bad` is that of the new one."""
    return {
        "hunt": record.name,
        "good": [c.id for c in record.good],
        "bad": record.bad.id,
        "reason": findings.reason(record),
    }


def _what_next(record: HuntRecord) -> dict[str, object]:
    """What builds and tests printed, and what to do.

    `output` has the last lines that endpoints printed which are not as the user said, and commits that cannot
    be tested; its `end` is "good", "bad" or null. `here` compares a run in the user's checkout (`--here`)
    with one in a slot; `left` are the files that are new or changed there since. `advice` says what to `add`
    to the hunt file or which `command` to run, `next` are commands that lead on.
    """
    return {
        "output": [_output(one) for one in record.excerpts],
        "here": _here(record.here) if record.here else None,
        "advice": [
            {"why": one.why, "add": one.written or None, "command": one.command or None}
            for one in record.advice
        ],
        "next": list(record.next_steps),
    }


def _group(one: FailedBuilds) -> dict[str, object]:
    return {
        "error": one.error,
        "count": len(one.commits),
        "earliest": one.commits[0],
        "latest": one.commits[-1],
        "commits": list(one.commits),
        "builds_before": list(one.builds_before),
        "range": one.range or None,
        "fixed_by": one.fix or None,
        "add": failed_builds_words.line_to_add(one) or None,
    }


def _find(record: HuntRecord) -> str:
    if isinstance(record.conclusion, Steps):
        return "all"
    return "fix" if record.terms.better else "regression"


def _output(one: Excerpt) -> dict[str, object]:
    return {
        "commit": one.commit,
        "end": one.end or None,
        "why": one.why,
        "lines": list(one.lines),
        "log": str(one.log) if one.log else None,
    }


def _here(one: HereRun) -> dict[str, object]:
    return {
        "what": one.what,
        "folder": str(one.folder),
        "commit": one.head,
        "changed": list(one.changed),
        "ended": one.ended,
        "exit_code": one.exit_code,
        "lines": list(one.lines),
        "log": str(one.log),
        "slot": {**_output(one.slot), "exit_code": one.slot_exit_code},
        "differs": list(one.differs),
        "left": list(one.left),
    }


def _likeliest(conclusion: Conclusion | None) -> list[dict[str, object]] | None:
    """The candidates of an inconclusive hunt with their probabilities."""
    if not isinstance(conclusion, Inconclusive):
        return None
    pairs = zip(conclusion.candidates, conclusion.probabilities, strict=True)
    return [{"commit": commit, "probability": probability} for commit, probability in pairs]


def _level(number: int, level: Level) -> dict[str, object]:
    """One step down from the answer."""
    found = level.state == "found"
    return {
        "level": number,
        "kind": level.kind,
        "of": level.of,
        "path": level.path or None,
        "range": {"good": level.old, "bad": level.new, "written": level.range or None},
        "state": level.state,
        "answer": level.answer or None,
        "subject": level.subject or None,
        "any_of": list(level.any_of) or None,
        "confirmed": found or level.state == "together",
        "files": list(level.files),
        "changes": list(level.changes) or None,
        "of_changes": level.total or None,
        "patch": level.patch or None,
        "share": level.share,
        "reason": level.why,
        "command": level.command or None,
        "probes": level.probes,
        "readings": level.readings,
        "hunts": list(level.keys),
    }


def _steps(conclusion: Conclusion | None) -> list[dict[str, object]] | None:
    """Every step, oldest first."""
    if not isinstance(conclusion, Steps):
        return None
    return [
        {
            "commits": list(step.commits),
            "direction": "fix" if step.better else "regression",
            "ratio": _finite(step.effect.ratio) if step.effect else None,
            "interval": _interval(step.effect),
            "confirmed": step.confirmed,
        }
        for step in conclusion.steps
    ]


def _interval(effect: Effect | None) -> list[float | None] | None:
    """None without a ratio, and for that of a single pair, which shows no spread."""
    return [_finite(effect.low), _finite(effect.high)] if effect and effect.has_interval else None


def _finite(number: float) -> float | None:
    """None for infinity, which JSON lacks: an unbounded end of an interval is null."""
    return number if math.isfinite(number) else None
