"""Files that a test looks for and that only the user's checkout has, found by tracing the test once more."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Timer

from bisector.engine.slots import Slots
from bisector.errors import BisectorError
from bisector.history.inputs import covered
from bisector.hunt.advice import Advice
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.phases.first_try import dependencies
from bisector.phases.first_try.checkout import Checkout
from bisector.phases.first_try.excerpts import in_trouble
from bisector.predicate import Bad, Good, Untestable
from bisector.probe import command_words
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.supervision import GivenUp
from bisector.probe.test import Tests
from bisector.probe.under_strace import UnderStrace, strace_in

LONGEST = 60.0
"""Seconds that a traced test may take, and a build before it."""
_MOST = 3
"""Files that are proposed."""
_CACHE = re.compile(r"(^|/)(__pycache__|\.\w+_cache|\.hypothesis|\.coverage|\.git)(/|$)|\.pyc$")
_WHY = "traced the test once more: it looks for {path}, which only your checkout has ({how})"


@dataclass(frozen=True)
class Trial:
    """The test of one of the endpoints `ends` (by name) to trace.

    `names` are the untracked and ignored files of the user's checkout; `folder/` for a whole folder.
    """

    ground: Ground
    reading: Reading
    ends: Mapping[str, str]
    names: Sequence[str]
    strace: str

    def advice(self, known: Collection[str] = ()) -> list[Advice]:
        """Run the test under strace; empty if that fails, for whatever reason: it is only a hint.

        Nothing is said of the paths `known`.
        """
        stop = Event()
        timer = Timer(2 * LONGEST, stop.set)
        timer.daemon = True
        timer.start()
        try:
            return list(self._advice(self._missed(stop), known))
        except (BisectorError, GivenUp, OSError):
            return []
        finally:
            timer.cancel()

    def _advice(self, missed: Iterable[str], known: Collection[str]) -> Iterator[Advice]:
        ground, commit = self.ground, self.reading.commit
        checkout = Checkout(ground, commit, self.ends["bad"], ".")
        installs = dependencies.installs_at(ground, commit)
        installed = [keep for install in installs for keep in install.keeps]
        found: dict[str, Advice] = {}
        for path in missed:
            whole = self._whole(path)
            if dependencies.is_below(path, installed) or _CACHE.search(path) or {path, whole} & {*known}:
                continue
            if path.startswith("../"):
                advice = checkout.advice_on(path)
            else:
                advice = checkout.advice_on_untracked(whole, _WHY)
                advice = advice or checkout.advice_on_untracked(path, _WHY)
            if advice:
                found.setdefault(advice.written or advice.why, advice)
        yield from list(found.values())[:_MOST]

    def _whole(self, path: str) -> str:
        """The folder with the path that is wholly untracked; the path itself if there is none."""
        folders = [name for name in self.names if name.endswith("/") and path.startswith(name)]
        return folders[0].rstrip("/") if folders else path

    def _missed(self, stop: Event) -> list[str]:
        """The paths that the test looked for in vain and that the user's checkout has untracked, in order."""
        ground, commit = self.ground, self.reading.commit
        key = f"looked-for-{commit}"
        with ground.scratch.held(key):
            clean_leftovers()
            logs = ground.scratch.logs_made(key)
            with Slots(ground.scratch.slots, ground.repository) as slots:
                slot = slots.take(commit)
                scheduling = Scheduling(tests=cpus_of(ground.hunt), stop=stop)
                setup = Setup(ground.hunt, ground.seen, logs, lambda *_step: None, scheduling)
                builds = Builds(setup, ground.identity(self.ends), ArtefactStore(ground.scratch.store))
                with slot.changing(commit):
                    if isinstance(builds.build(slot.worktree, commit), Untestable):
                        return []
                root = slot.worktree.path.resolve()
                absent = self._traced(
                    setup, UnderStrace(self.strace, slot.worktree, logs, self._sandboxed, detached=True)
                )
        home = [path for path in absent if path.startswith(f"{root.parent}/")]
        missed = [os.path.relpath(path, root) for path in home]
        outputs = ground.hunt.build.outputs if ground.hunt.build else ()
        return [
            path
            for path in missed
            if path.startswith("../") or (_is_in(path, self.names) and not covered(path, outputs))
        ]

    def _traced(self, setup: Setup, strace: UnderStrace) -> list[str]:
        test = self.ground.hunt.test
        update = {"command": strace.words(test.command), "timeout": min(test.timeout, LONGEST)}
        hunt = self.ground.hunt.model_copy(update={"test": test.model_copy(update=update)})
        tests = Tests(replace(setup, hunt=hunt), ())
        with contextlib.suppress(BisectorError):  # What it looked for until then counts.
            tests.run(strace.worktree, self.reading.commit, "test")
        return list(strace.trace(test.folder).absent)

    @property
    def _sandboxed(self) -> bool:
        return bool(self.ground.hunt.sandbox)


def trial_of(ground: Ground, record: HuntRecord) -> Trial | None:
    """The test to trace: that of an endpoint which ran and is not as the user said.

    None if there is none, or it is measured; if strace is not installed; if the checkout has no untracked or
    ignored file and the test does not look above its folder; or if the endpoint takes longer than a minute
    to build.
    """
    ran = [
        one
        for _, one in in_trouble(record)
        if one.run is not None
        and one.build_seconds <= LONGEST
        and isinstance(one.judgement, Good | Bad | Untestable)
    ]
    strace = strace_in(ground.seen)
    if not ran or strace is None or ground.hunt.engine.name != "local" or ground.repository.work_tree is None:
        return None
    names = _others(ground, ground.repository.work_tree)
    ends = {"good": record.good[0].id, "bad": record.bad.id}
    worth_it = names or _goes_up(ground, ran[0].commit)
    return Trial(ground, ran[0], ends, names, strace) if worth_it else None


def _goes_up(ground: Ground, commit: str) -> bool:
    """Whether the test or its script names a folder above, where a slot has nothing."""
    command, folder = ground.hunt.test.command, ground.hunt.test.folder
    paths = [os.path.normpath(f"{folder}/{name}") for name in command_words.scripts(command)]
    texts = (ground.repository.text(commit, path) for path in paths)
    return any("../" in text for text in (str(command), *texts))


def _others(ground: Ground, top: Path) -> list[str]:
    """Untracked and ignored files of the checkout; `folder/` for a folder without tracked files."""
    how = ("ls-files", "--others", "--directory", "--no-empty-directory", "-z")
    out = ground.repository.git(*how, folder=top).decode("utf-8", "surrogateescape")
    laid_over = [one.target for one in ground.hunt.overlay if one.target]
    return [name for name in out.split("\0") if name and not dependencies.is_below(name, laid_over)]


def _is_in(path: str, names: Iterable[str]) -> bool:
    return any(path == name.rstrip("/") or (name.endswith("/") and path.startswith(name)) for name in names)
