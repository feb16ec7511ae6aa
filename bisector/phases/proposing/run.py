"""The trial of a proposed hunt file: each step runs something and fills in what it saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.session import Session
from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.proposal_symptoms import (
    FLAKY,
    HANGS,
    MEMORY,
    OUT_OF_MEMORY,
    TIMEOUTS,
    timeout_after,
)
from bisector.hunt_file.proposal_text import Draft, Good, Lists
from bisector.phases.proposing.endpoints import Endpoint, Ends, bad_endpoint, good_endpoint
from bisector.phases.proposing.lists import lists_at, trouble_with
from bisector.phases.proposing.signal import best_signal
from bisector.predicate import Ending
from bisector.report.findings import counted, duration

LONGEST_TRACED = 8.0
"""Seconds of a build and a test that are traced too: under strace they take up to four times as long."""
LONGEST_COMPARED = 12.0
"""Seconds of a test at both endpoints together that are compared: five runs of each take a minute."""

Place = Callable[[Draft], Ground]
"""Writes a draft as the hunt file and loads it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A tried hunt file. `good` is None if bisector searches for a good commit; `rejected` is then the tag
    that was tested and is none.

    `begins` says whether a hunt can begin: the endpoints differ, or bad shows the problem and bisector
    searches for a good commit.
    """

    draft: Draft
    bad: Endpoint
    good: Endpoint | None
    notes: tuple[str, ...]
    begins: bool
    rejected: Endpoint | None
    differ: bool
    """Whether the trial saw a difference between the endpoints, if it begins and good is known."""

    @property
    def works(self) -> bool:
        """Whether every endpoint that was tested can be judged."""
        return self.bad.works and (self.good is None or self.draft.good.revision == AUTO or self.good.works)


def tried(draft: Draft, place: Place, listener: Listener) -> Tried:
    """Build and test the endpoints, and fill in good, predicate, timeout, inputs and outputs.

    The file that `place` wrote last is that of the returned draft.
    """
    trial = _Trial(draft, place, listener)
    trial.run()
    assert trial.bad is not None
    return Tried(
        trial.draft, trial.bad, trial.good, tuple(trial.notes), trial.begins, trial.rejected, trial.differ
    )


class _Trial:
    def __init__(self, draft: Draft, place: Place, listener: Listener) -> None:
        self.draft = draft
        self.notes: list[str] = []
        self.bad: Endpoint | None = None
        self.good: Endpoint | None = None
        self.rejected: Endpoint | None = None
        self.begins = False
        self.differ = True
        self._place = place
        self._listener = listener
        self._ground = place(draft)
        self._ends = self._resolved()

    def run(self) -> None:
        if self.draft.symptom == HANGS:
            self._time_out()
        if self.draft.symptom == MEMORY:
            self._set(judging=OUT_OF_MEMORY)
        self.bad = bad_endpoint(self._ground, self._ends, self.draft.symptom, self._listener)
        if not self.bad.works:
            return
        if self.draft.symptom == MEMORY and not self.bad.fails:
            self._set(judging=None)
        if self._ends.good and self.good is None:
            self.good = good_endpoint(self._ground, self._ends, self.draft.symptom, self._listener)
        self._judge_good()
        self._tell_of_flaky_good()
        self._fill_lists()
        if self._ground.ratio is None:
            self.begins = self._shows() and (self.good is None or self._may_differ())
        else:
            self._compare()

    def _shows(self) -> bool:
        """Whether bad fails, and in the way that the user sees."""
        assert self.bad is not None
        run = self.bad.telling.run
        if self.draft.symptom == HANGS and self.bad.fails and run and run.ending is not Ending.TIMEOUT:
            self.notes.append("HEAD does not hang, but fails at once: `--for fails` hunts for that")
            return False
        return self.bad.fails > 0

    def _resolved(self) -> Ends:
        repository, good = self._ground.repository, self.draft.good.revision
        good = "" if good == AUTO else good
        return Ends(good, "HEAD", repository.resolve(good) if good else "", repository.resolve("HEAD"))

    def _set(self, **changes: object) -> None:
        self.draft = replace(self.draft, **changes)  # type: ignore[arg-type]
        self._ground = self._place(self.draft)

    def _time_out(self) -> None:
        """Set the timeout of a test that hangs from how long good takes."""
        self._set(timeout=f"{TIMEOUTS[HANGS]}s")
        if not self._ends.good:
            return
        self.good = good_endpoint(self._ground, self._ends, HANGS, self._listener)
        if self.good.works and not self.good.fails:
            self._set(timeout=f"{timeout_after(self.good.wall)}s")
            self.notes.append(
                f"timeout: five times the {duration(self.good.wall)} that {self.good.name} takes"
            )

    def _judge_good(self) -> None:
        """Search for a good commit if the newest tag is none; keep what the user named."""
        good = self.good
        if good is None or (good.works and self._good_is_good()):
            return
        if good.works:
            why = f"already shows the problem: {good.telling.judgement.why}"
        else:
            why = f"cannot be tested: {good.telling.judgement.why}"
        if self.draft.good.given:
            self.notes.append(f"good {good.name} {why}")
            self.notes.append("name an older commit, or write `good: auto` to search for one")
            return
        self._search_good(f"{good.name} {why}")

    def _good_is_good(self) -> bool:
        """Whether good passes at all."""
        return self.good is not None and self.good.works and self.good.fails < len(self.good.readings)

    def _may_differ(self) -> bool:
        """Whether good may fail less often than bad; a few runs do not show it if good fails too."""
        assert self.good is not None
        self.differ = not self.good.fails
        return self._good_is_good()

    def _tell_of_flaky_good(self) -> None:
        good = self.good
        if good is None or not good.fails or not self._good_is_good():
            return
        runs = f"{good.name} fails too, in {good.fails} of {counted(len(good.readings), 'run')}"
        how = (
            "the hunt compares how often"
            if self.draft.symptom == FLAKY
            else "if it is flaky, use `--for flaky`"
        )
        self.notes.append(f"{runs}; {how}")

    def _search_good(self, why: str) -> None:
        self.notes.append(f"good: auto, because {why}")
        comment = "".join(filter(str.isprintable, f"bisector searches for a good commit: {why}."))
        self.rejected, self.good, self._ends = self.good, None, replace(self._ends, good="", good_id="")
        self._set(good=Good(AUTO, comment))

    def _fill_lists(self) -> None:
        """Declare inputs and outputs if a passing test shows them, and if the hunt works with them."""
        assert self.bad is not None
        at = self.good if self.good and self._good_is_good() else self.bad
        if at.fails or not at.works:
            self.notes.append("no inputs are proposed: a failing test may have read only a part of them")
            return
        if at.seconds > LONGEST_TRACED:
            self.notes.append(
                f"build and test take {duration(at.seconds)}, so inputs were not traced; "
                "`bisector inputs --write` does"
            )
            return
        guess = tuple(self.draft.detected.best.outputs)
        lists, told = lists_at(self._ground, at, self._ends, guess, self._listener)
        self.notes.append(told)
        if lists != Lists():
            self._set(lists=lists)
        if lists.outputs and (why := trouble_with(self._ground, at, self._ends, self._listener)):
            self.notes.append(f"no outputs are proposed: {why}")
            self._set(lists=replace(lists, outputs=()))

    def _compare(self) -> None:
        """Choose the figure that shows the step between the endpoints; without good, keep the usual one."""
        assert self.bad is not None
        if self.good is None:
            self.begins = True
            return
        if self.bad.wall + self.good.wall > LONGEST_COMPARED:
            self.begins, self.differ = True, False
            slowest = max(self.bad.wall, self.good.wall)
            self.notes.append(
                f"the test takes {duration(slowest)}, so the endpoints were not compared; "
                "`bisector check --signals --write` does, and chooses the figure"
            )
            return
        session = Session(self._ground, [self.good.commit])
        judging, told, compared = best_signal(session, self.draft.symptom, self._listener)
        self.notes.append(f"HEAD over {self.good.name}: {told}")
        if judging is not None:
            self.begins = True
            self._set(judging=judging)
        elif not compared:
            return
        elif self.draft.good.given:
            self.notes.append(
                f"HEAD shows no step over {self.good.name}; name an older commit or another test"
            )
        else:
            self._search_good(f"HEAD shows no step over {self.good.name}")
