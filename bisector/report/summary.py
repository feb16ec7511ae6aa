"""The object that `--json` prints: a hunt's outcome for programs."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive
from bisector.hunt.record import HuntRecord
from bisector.report import bounds, findings
from bisector.report.saved import saved


def summary(record: HuntRecord, report: Path | None = None) -> dict[str, object]:
    """The outcome as JSON values; every key is always there, null where it has no meaning.

    `confidence` is a probability (0..1), `interval` the 95% interval of `ratio` as [low, high] and
    `p` the p-value of no difference, `seconds`
    wall time from start to end, `probes` and `skipped` numbers of commits, `exit_code` that of `run`.
    `likeliest`: of an inconclusive hunt, the commits that may be it, each with its `probability`.
    `saved` tells of runs that were ended early: how many `runs`, the `seconds` which that saved by a rough
    reckoning, and whether these are `at_most` so many. `at_least` bounds a ratio that was not measured whole.
    `ahead` tells of builds that nobody waited for: how many, their `seconds`, and both of the unused.
    """
    conclusion, effect = record.conclusion, findings.effect(record)
    early = saved(record)
    found = conclusion if isinstance(conclusion, FirstBad) else None
    return {
        "conclusion": conclusion.name if conclusion else None,
        "exit_code": int(conclusion.exit_code) if conclusion else None,
        "first_bad": found.commit if found else None,
        "any_of": list(conclusion.commits) if isinstance(conclusion, AnyOf) else None,
        "likeliest": _likeliest(conclusion),
        "confidence": findings.confidence(record),
        "ratio": _finite(effect.ratio) if effect else None,
        "interval": [_finite(effect.low), _finite(effect.high)] if effect else None,
        "p": effect.p if effect else None,
        "at_least": bounds.at_least(record),
        "confirmed": found.confirmed if found else None,
        "probes": record.probes,
        "readings": len(record.readings),
        "skipped": len(findings.skipped(record)),
        "seconds": findings.seconds(record),
        "saved": asdict(early) if early else None,
        "ahead": asdict(record.ahead) if record.ahead else None,
        "hunt": record.name,
        "good": [c.id for c in record.good],
        "bad": record.bad.id,
        "reason": findings.reason(record),
        "report": str(report) if report else None,
    }


def _likeliest(conclusion: Conclusion | None) -> list[dict[str, object]] | None:
    """Of a hunt without an answer: the commits that may be it, with their odds."""
    if not isinstance(conclusion, Inconclusive):
        return None
    pairs = zip(conclusion.candidates, conclusion.probabilities, strict=True)
    return [{"commit": commit, "probability": probability} for commit, probability in pairs]


def _finite(number: float) -> float | None:
    """JSON knows no infinity: an unbounded end of an interval is null."""
    return number if math.isfinite(number) else None
