"""Hunts that are killed again and again, and the conditions that always apply."""

from __future__ import annotations

import json
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.chaos.blows import POLITE, Blow, blows, start
from tests.chaos.scene import BAD_AT, JUDGEMENTS, Row, Scene


@dataclass(frozen=True)
class Kill:
    """A blow that happened, in a hunt of a kind that had so many readings at that time."""

    kind: str
    blow: Blow
    exit_code: int
    readings: int


@dataclass(frozen=True)
class Reference:
    """An undisturbed hunt: its output and its seconds."""

    summary: dict[str, Any]
    seconds: float


class Broken(AssertionError):
    """A condition that failed. Says which one, and after which blows."""


def undisturbed(scene: Scene) -> Reference:
    """Run a hunt to its end. Its answer is the known one and nothing is left."""
    began = time.monotonic()
    code, out, complaint, _ = start(scene)
    seconds = time.monotonic() - began
    summary = json.loads(out) if out else {}
    require(code == 0 and summary["first_bad"] == scene.ids["c15"], scene, f"undisturbed: {complaint}")
    require(not scene.left(), scene, f"undisturbed, it leaves {scene.left()}")
    return Reference(summary, seconds)


def require(holds: bool, scene: Scene, what: str, fallen: Sequence[Kill] = ()) -> None:
    """Raise `Broken` unless the condition is true."""
    if not holds:
        told = "; ".join(f"{k.blow} (exit {k.exit_code}, {k.readings} readings)" for k in fallen)
        raise Broken(f"{scene.kind} in {scene.folder}: {what}; blows: {told or 'none'}")


class Story:
    """One hunt from its first start to its conclusion, with all blows."""

    def __init__(self, scene: Scene, reference: Reference) -> None:
        self._scene, self._reference = scene, reference
        self._clean = True
        self.kills: list[Kill] = []

    def live(self, planned: Sequence[Blow]) -> list[Kill]:
        """Start the hunt once for each blow, and then to its end. Returns the blows that happened."""
        for blow in planned:
            code, out, complaint = self._start(blow)
            if code == 0:
                # It had already ended. A signal at its very end does not change that.
                self._check_end(code, out, complaint)
                return self.kills
        code, out, complaint = self._start(None)
        self._check_end(code, out, complaint)
        return self.kills

    def _require(self, holds: bool, what: str) -> None:
        require(holds, self._scene, what, self.kills)

    def _start(self, blow: Blow | None) -> tuple[int, str, str]:
        scene = self._scene
        before, begun = scene.rows(), len(scene.begun())
        code, out, complaint, fell = start(scene, blow)
        now = scene.rows()
        if fell and blow and code != 0:
            self.kills.append(Kill(scene.kind, blow, code, len(now)))
            self._check_exit(code, blow, complaint)
        self._require(now[: len(before)] == before, "readings of earlier starts were changed or lost")
        self._check_repeats(before, now, scene.begun()[begun:])
        self._require(scene.plan_is_whole(0) or scene.plan_is_whole(1), "the progress log is not whole")
        return code, out, complaint

    def _check_exit(self, code: int, blow: Blow, complaint: str) -> None:
        number = -int(getattr(signal, blow.how, signal.SIGKILL))
        polite = -number in POLITE
        # During imports, SIGINT ends Python itself, before bisector can handle it.
        known = (130, number, -signal.SIGINT) if polite else (number,)
        self._require(code in known, f"exit {code}: {complaint}")
        self._require("Traceback" not in complaint or code == number, f"a traceback: {complaint}")
        left = self._scene.left()
        # If the blow comes while Python starts, the leftovers of the previous start are not yet removed.
        self._require(not polite or not self._clean or not left, f"after {blow.how} there is {left}")
        self._clean = not left

    def _check_repeats(self, before: Sequence[Row], now: Sequence[Row], begun: Sequence[Any]) -> None:
        """No reading of the journal is read again, and at most the running readings are lost."""
        scene, new = self._scene, len(now) - len(before)
        if scene.kind == "three jobs":
            done = {row.what[:3] for row in before if row.what[0] != "confirmation"}
            self._require(not done & set(begun), f"read again: {done & set(begun)}")
        else:
            self._require(
                new <= len(begun) <= new + 1, f"{len(begun)} readings begun for {new} in the journal"
            )
            looks = {row.look for row in now} - {""}
            ended, journalled = scene.runs("ended"), len(now) * scene.runs_a_reading + len(looks)
            most = journalled + len(self.kills) * (scene.runs_a_reading + scene.looks_a_reading)
            self._require(journalled <= ended <= most, f"{ended} runs for {journalled} in the journal")

    def _check_end(self, code: int, out: str, complaint: str) -> None:
        scene = self._scene
        self._require(code == 0, f"it ends with {code}: {complaint}")
        said, wanted = json.loads(out), self._reference.summary
        keys = ["conclusion", "first_bad", "confirmed", "ratio", "interval", "skipped"]
        differing = [key for key in keys if said[key] != wanted[key]]
        self._require(not differing, f"another conclusion: {differing}, {said}")
        self._check_readings([row.what for row in scene.rows()])
        self._require(scene.plan_is_whole(1), "the progress log is not whole, or not written once")
        self._require(not scene.left(), f"at the end there is {scene.left()}")

    def _check_readings(self, what: Sequence[tuple[str, ...]]) -> None:
        """Each question has one answer, and the answer is true."""
        scene = self._scene
        bad = {commit for name, commit in scene.ids.items() if int(name[1:]) >= BAD_AT}
        for role, commit, _, judgement, _ in what:
            self._require(
                judgement in JUDGEMENTS[scene.kind][commit in bad], f"{role} of {commit}: {judgement}"
            )
        if scene.kind != "pairs":
            # A confirmation runs each commit several times.
            counts = Counter((role, commit) for role, commit, *_ in what if role != "confirmation")
            wrong = [one for one, count in counts.items() if count != 1]
            self._require(not wrong, f"readings lost or doubled: {wrong}")


def stories(kinds: Sequence[str], kills: int, seed: int, early: int, late: int) -> Iterator[list[Kill]]:
    """Hunts of these kinds in turn, until so many blows have happened. Returns the blows of each hunt."""
    rng, fallen, number = random.Random(seed), 0, 0
    references: dict[str, Reference] = {}
    while fallen < kills:
        kind = kinds[number % len(kinds)]
        number += 1
        with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
            if kind not in references:
                references[kind] = undisturbed(Scene(Path(folder) / "undisturbed", kind))
            seconds = references[kind].seconds
            planned = blows(rng, early, late, seconds)[: kills - fallen]
            found = Story(Scene(Path(folder) / "story", kind), references[kind]).live(planned)
        fallen += len(found)
        yield found


def as_document(kills: Sequence[Kill]) -> list[dict[str, Any]]:
    """The blows as JSON values."""
    return [asdict(kill) for kill in kills]
