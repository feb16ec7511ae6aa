"""Where the commits of a hunt are read: slots in its scratch folder, a prober, a reader or an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bisector.engine.reader import Reader
from bisector.engine.slots import Slots
from bisector.hunt.events import Listener, StepBegan
from bisector.hunt.ground import Ground
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.environment import allowed_environment
from bisector.probe.probe import Prober, Step


@contextmanager
def reader_for(
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    taken: int,
    listener: Listener,
    *,
    whole: bool = False,
    slots: Slots | None = None,
    fair_attempts: int = 3,
) -> Iterator[Reader]:
    """A reader for the hunt `key`, which has `taken` readings already; its slots are gone at the end.

    `whole` has good tests run to their end also where their answer is certain before. `slots` are others
    than those of the scratch folder, `fair_attempts` as `Reader` has it.
    """

    def on_step(commit: str, step: Step, detail: str) -> None:
        listener(StepBegan(commit, step, detail))

    hunt, logs = ground.hunt, ground.scratch.logs(key)
    logs.mkdir(parents=True, exist_ok=True)
    environment = allowed_environment(hunt.environment.pass_, hunt.environment.set, ground.environment)
    store = ArtefactStore(ground.scratch.store)
    prober = Prober(
        hunt, ground.repository, ground.predicate, store, logs, environment, ends, on_step, whole=whole
    )
    with slots or Slots(ground.scratch.slots, ground.repository) as held:
        yield Reader(prober, held, on_step, first=taken + 1, fair_attempts=fair_attempts)
