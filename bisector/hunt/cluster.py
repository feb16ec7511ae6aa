"""The engine of a hunt with `engine: dask`: its commits are tested on the workers of a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bisector.engine.cluster_folders import Source
from bisector.engine.cluster_shipment import ship
from bisector.errors import EnvironmentFault
from bisector.history.transport import pack_alone, pack_range
from bisector.hunt.engines import told
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt_file import AUTO
from bisector.hunt_file.engine import BUNDLE

if TYPE_CHECKING:
    from bisector.engine.cluster import DaskEngine


@contextmanager
def dask_engine_for(
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    taken: int,
    listener: Listener,
    *,
    full_run: bool = False,
    fair_attempts: int = 2,
) -> Iterator[DaskEngine]:
    """An engine on the cluster for the hunt `key`, which has `taken` readings already.

    On exit, only what `engine.folder` keeps stays on the workers. `full_run` and `fair_attempts` are those
    of `reader_for`. Raises `EnvironmentFault` if Dask is not installed, or the scheduler is unreachable.
    """
    try:
        # The only import of Dask: a local hunt neither needs it nor waits for it.
        from bisector.engine.cluster import DaskEngine
        from bisector.engine.cluster_client import connected
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            f"`engine: dask` needs Dask ({error.name} is not installed); run: pip install 'bisector[dask]'"
        ) from error

    hunt, repository, logs = ground.hunt, ground.repository, ground.scratch.logs_made(key)
    known = {**ground.identity(ends).named, **ends}
    base = Path(hunt.origin.file).parent if hunt.origin.file else Path.cwd()
    shipment = ship(hunt, base, key, known, full_run=full_run, fair_attempts=fair_attempts)
    predicate = ground.predicate
    with (
        connected(hunt.engine, ground.environment) as client,
        DaskEngine(
            client,
            hunt.engine,
            shipment,
            _source(ground, known),
            lambda commits: pack_alone(repository, commits),
            logs,
            told(listener),
            first=taken + 1,
            alone=predicate.paired or predicate.by_wall_clock,
        ) as engine,
    ):
        yield engine


def _source(ground: Ground, known: Mapping[str, str]) -> Source:
    """The history in the form that `engine.repository` asks for."""
    repository, where = ground.repository, ground.hunt.engine.repository
    if where != BUNDLE:
        return Source(_name(where), where)
    goods = [repository.resolve(good) for good in ground.hunt.before if good != AUTO]
    good = known.get("good")
    others = {*goods, *known.values()}
    packed = pack_range(repository, good, known["bad"], sorted(others)) if good else None
    packed = packed or pack_alone(repository, sorted(others))
    return Source(_name(*sorted(packed.commits), "", *packed.cut), packed)


def _name(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
