"""Takes the readings that a joint hunt asks for: one run for all targets, or one of each target's script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bisector.hunt.engines import reader_for, readers_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.targets.asking import Ask
from bisector.hunt.targets.driving import Take
from bisector.hunt.targets.judging import Several, not_run, readings_of
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
    """Runs the test of the joint hunt `ground` once, and judges it for each target by its own ground."""
    whole = ground.predicate
    predicates = {name: one.predicate for name, one in grounds.items()}
    with reader_for(ground, key, ends, taken, listener, predicate=Several(whole, predicates)) as reader:

        def take(ask: Ask) -> Iterator[Mapping[str, Reading]]:
            yield readings_of(reader.read(ask.request), ask.asked, whole, predicates)

        yield take


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
