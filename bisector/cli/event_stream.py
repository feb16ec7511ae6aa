"""`bisector run --events`: a hunt as lines of JSON; `bisector.report.schema.events` describes them."""

from __future__ import annotations

import heapq
import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType

from bisector.errors import BisectorError, ExitCode
from bisector.hunt.conclusion import Conclusion, name_of
from bisector.hunt.events import (
    Concluded,
    Event,
    HuntBegan,
    Noted,
    Outlook,
    ProbeBegan,
    ReadingTaken,
    StepBegan,
    TargetEnded,
    TargetsBegan,
    TargetsRead,
)
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.hunt.secrets import secrets_of, without
from bisector.predicate import Measured
from bisector.probe.reading import Reading
from bisector.report.versioned import versioned

_LIKELIEST = 5
"""Candidates in a line about what is left: the posterior of a long range would fill a screen at each step."""


class EventStream:
    """Prints one object a line, and flushes it: a listener to a hunt, also from several threads.

    As a context manager it ends with a line that says why there is no result.
    """

    def __init__(self) -> None:
        self._secrets: Sequence[str] = ()
        self._fix = False
        self._has_result = False
        self._lock = threading.Lock()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or self._has_result:
            return
        why, code = str(error), int(ExitCode.INTERRUPTED)
        if isinstance(error, BisectorError):
            code = int(error.exit_code)
        elif isinstance(error, KeyboardInterrupt):
            why = "interrupted; run the same command to continue"
        else:
            why, code = f"internal error: {type(error).__name__}: {error}", os.EX_SOFTWARE
        self._print("failed", {"exit_code": code, "why": self._told(why)})

    def follow(self, ground: Ground) -> None:
        """Tell of this hunt: hide its secrets, and name its endings as it does."""
        self._secrets = secrets_of(ground.hunt.environment.pass_, ground.environment)
        self._fix = ground.hunt.kinds.better

    def __call__(self, event: Event) -> None:
        """Print the lines of one event."""
        match event:
            case HuntBegan(plan, known):
                self._began(plan, len(known.readings))
            case TargetsBegan(plan, knowns):
                self._began(plan, sum(len(one.readings) for one in knowns.values()))
            case ProbeBegan(commit, role):
                self._print("next", {"commit": commit, "for": role.value})
            case StepBegan(commit, step, detail):
                self._print("step", {"commit": commit, "step": step.value, "detail": self._told(detail)})
            case ReadingTaken(reading):
                self._print("reading", self._reading(reading))
            case TargetsRead(readings):
                for target, reading in readings.items():
                    self._print("reading", self._reading(reading, target))
            case Outlook():
                self._print("outlook", _left(event))
            case Noted(text):
                self._print("note", {"text": self._told(text)})
            case Concluded(conclusion):
                self._ended(conclusion, None)
            case TargetEnded(target, conclusion):
                self._ended(conclusion, target)

    def result(self, document: Mapping[str, object]) -> None:
        """Print the last line, with the object of `--json`."""
        self._has_result = True
        self._print("result", {"exit_code": document["exit_code"], "result": document})

    def _began(self, plan: Plan, readings: int) -> None:
        candidates, every = len(plan.candidates), len(plan.every_candidate)
        ends = {"good": list(plan.good), "bad": plan.bad}
        self._print("began", {**ends, "candidates": candidates, "range": every, "readings": readings})

    def _ended(self, conclusion: Conclusion, target: str | None) -> None:
        self._print("concluded", {"conclusion": name_of(conclusion, fix=self._fix), "target": target})

    def _reading(self, reading: Reading, target: str | None = None) -> dict[str, object]:
        judgement = reading.judgement
        return {
            "commit": reading.commit,
            "for": reading.role.value,
            "judgement": type(judgement).__name__.lower(),
            "value": judgement.value if isinstance(judgement, Measured) else None,
            "why": self._told(judgement.why),
            "against": reading.against or None,
            "shared": reading.shared or None,
            "build_seconds": reading.build_seconds,
            "wall": reading.run.wall if reading.run else None,
            "target": target,
        }

    def _told(self, text: str) -> str:
        return without(self._secrets, text)

    def _print(self, kind: str, fields: Mapping[str, object]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps(versioned("events", {"event": kind, "at": now, **fields}))
        with self._lock:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def _left(outlook: Outlook) -> dict[str, object]:
    likeliest = heapq.nlargest(_LIKELIEST, outlook.posterior.items(), key=lambda one: one[1])
    return {
        "candidates_left": outlook.candidates_left,
        "probes_left": outlook.probes_left,
        "seconds_left": outlook.seconds_left,
        "likeliest": [{"commit": commit, "probability": chance} for commit, chance in likeliest],
    }
