"""Takes the readings that a joint hunt asks for: one run for all targets, or one of each target's script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bisector.engine.reader import Reader
from bisector.hunt.engines import reader_for, readers_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground
from bisector.hunt.targets.asking import Ask
from bisector.hunt.targets.driving import Take
from bisector.hunt.targets.judging import Several, not_run, readings_of
from bisector.predicate import Predicate, Undecided, Untestable
from bisector.probe import selection
from bisector.probe.reading import Reading


@contextmanager
def one_run_for_all(
    ground: Ground,
    grounds: Mapping[str, Ground],
    key: str,
    ends: Mapping[str, str],
    taken: int,
    listener: Listener,
) -> Iterator[Take]:
    """Runs the test of the joint hunt `ground` once, and judges it for each target by its own ground.

    A runner such as pytest runs nothing if a commit lacks one of the names. Then the whole test runs there.
    """
    whole, selects = ground.predicate, selection.selects(ground.hunt.test.command)
    predicates = {name: one.predicate for name, one in grounds.items()}
    with reader_for(ground, key, ends, taken, listener, predicate=Several(whole, predicates)) as reader:
        by_name = _ByName(reader, whole, predicates)

        def take(ask: Ask) -> Iterator[Mapping[str, Reading]]:
            if selects and not ask.only_by_name:
                yield by_name.readings(ask, listener)
            else:
                yield readings_of(reader.read(ask.request), ask.asked, whole, predicates)

        yield take


@dataclass
class _ByName:
    """Asks a runner for targets by name; runs the whole test at commits where it refuses the names."""

    reader: Reader
    whole: Predicate[Any]
    predicates: Mapping[str, Predicate[Any]]
    refused: set[str] = field(default_factory=set)
    """Commits that lack one of the names."""
    never: bool = False
    """Whether the runner does not know names that the commit has."""

    def readings(self, ask: Ask, listener: Listener) -> Mapping[str, Reading]:
        request = ask.request
        if self.never or request.commit in self.refused:
            request = replace(request, targets=())
        reading = self.reader.read(request)
        found = self._judged(reading, ask)
        if not request.targets or len(request.targets) == 1 or not _tells_of_none(found):
            return found
        again = self.reader.read(replace(request, targets=()))
        again = replace(again, build=reading.build, build_seconds=reading.build_seconds)
        found = self._judged(again, ask)
        if _tells_of_none(found):
            return found
        self.refused.add(request.commit)
        if not any(isinstance(one.judgement, Untestable) for one in found.values()):
            self.never = True
            listener(
                Noted(
                    f"the runner does not know its tests in place of {selection.PLACE}; the whole test runs"
                )
            )
        return found

    def _judged(self, reading: Reading, ask: Ask) -> Mapping[str, Reading]:
        return readings_of(reading, ask.asked, self.whole, self.predicates)


def _tells_of_none(found: Mapping[str, Reading]) -> bool:
    """Whether the test ran and has no result of any target."""
    return all(
        one.run is not None
        and isinstance(one.judgement, Untestable)
        and not isinstance(one.judgement, Undecided)
        for one in found.values()
    )


@contextmanager
def each_its_script(
    grounds: Mapping[str, Ground], key: str, ends: Mapping[str, str], taken: int, listener: Listener
) -> Iterator[Take]:
    """Builds a commit once, and runs the script of each target that asks for it, one after the other."""
    with readers_for(grounds, key, ends, taken, listener) as readers:

        def take(ask: Ask) -> Iterator[Mapping[str, Reading]]:
            asked = dict(ask.asked)
            while asked:
                name, request = next(iter(asked.items()))
                del asked[name]
                reading = readers[name].read(request)
                yield {name: reading}
                if reading.run is None and asked:
                    # It does not build: another script would only build it again.
                    yield not_run(reading, asked)
                    return

        yield take
