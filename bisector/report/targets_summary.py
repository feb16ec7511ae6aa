"""The object that `--json` prints for a hunt of several targets."""

from __future__ import annotations

from pathlib import Path

from bisector.hunt.conclusion import AnyOf, FirstBad
from bisector.hunt.targets.record import Answer, TargetRecord, TargetsRecord
from bisector.report import targets_findings


def targets_summary(record: TargetsRecord, report: Path | None = None) -> dict[str, object]:
    """The outcome as JSON values; every key is always present.

    `answers` has targets with the same answer together: `conclusion` as for one hunt, `first_bad`, `any_of`,
    `confirmed`, `targets`, and which of these are `flaky`. `targets` has each by itself: the name of its own
    `hunt`, its `confidence` (0..1), for benchmarks the `ratio` of the step, and the `reason` why it has no
    answer. `open` lists targets without a confirmed answer. `others` are tests that `targets: auto` does not
    hunt, by what they do. `probes` are commits that the searches read, `runs` runs of the test, `builds`
    built commits, and `seconds` the time of all builds and runs.
    """
    return {
        "conclusion": "targets",
        "exit_code": int(record.exit_code),
        "hunt": record.name,
        "good": [record.good.id],
        "bad": record.bad.id,
        "answers": [_answer(one) for one in record.answers],
        "targets": [_target(one) for one in record.targets],
        "open": [one.target for one in record.open],
        "others": {kind: list(names) for kind, names in record.others.items()},
        "probes": record.probes,
        "runs": record.runs,
        "builds": record.builds,
        "seconds": record.seconds,
        "reason": targets_findings.headline(record),
        "report": str(report) if report else None,
    }


def _answer(one: Answer) -> dict[str, object]:
    conclusion = one.conclusion
    return {
        "conclusion": conclusion.name if conclusion else None,
        "first_bad": one.first_bad,
        "any_of": list(conclusion.commits) if isinstance(conclusion, AnyOf) else None,
        "confirmed": conclusion.confirmed if isinstance(conclusion, FirstBad) else None,
        "targets": [target.target for target in one.targets],
        "flaky": [target.target for target in one.targets if target.is_flaky],
    }


def _target(one: TargetRecord) -> dict[str, object]:
    conclusion = one.conclusion
    first = conclusion if isinstance(conclusion, FirstBad) else None
    return {
        "target": one.target,
        "hunt": one.hunt,
        "conclusion": conclusion.name if conclusion else None,
        "first_bad": first.commit if first else None,
        "confirmed": first.confirmed if first else None,
        "confidence": first.probability if first else None,
        "ratio": first.effect.ratio if first and first.effect else None,
        "flaky": one.is_flaky,
        "readings": len(one.readings),
        "reason": None if one.is_settled else targets_findings.why_open(one),
    }
