"""The way to a Dask cluster that runs already."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import dask
import distributed

from bisector.errors import EnvironmentFault
from bisector.hunt_file.engine import Engine

# Most of their calls have no types.
_Client: Any = distributed.Client
_Security: Any = distributed.Security

_CLOSING = 2.0
"""Seconds that a scheduler which does not answer any more is given to say goodbye."""

_PATIENCE = 20.0
"""Seconds in which a scheduler must answer."""


@contextlib.contextmanager
def connected(options: Engine, environment: Mapping[str, str]) -> Iterator[distributed.Client]:
    """A client of the scheduler that the hunt, `environment` or Dask's own configuration names.

    TLS is as Dask's configuration says (`distributed.comm.tls`). Raises `EnvironmentFault` where no
    scheduler is named, or none answers.
    """
    address = _address(options, environment)
    _require_certificate(address)
    # What goes wrong is told by exceptions; Dask would log it across the screen besides.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = _Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise EnvironmentFault(
            f"no Dask scheduler answers at {address} ({error}); start it, or correct `engine.scheduler`"
        ) from error
    try:
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            client.close(timeout=_CLOSING)


def _require_certificate(address: str) -> None:
    """Raise `EnvironmentFault` where the scheduler asks for TLS and Dask's configuration has none."""
    if not address.startswith("tls://"):
        return
    try:
        there = _Security().get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise EnvironmentFault(
            f"the certificate for {address} cannot be read ({error}); correct `distributed.comm.tls` in "
            "Dask's configuration"
        ) from error
    if there is None:
        raise EnvironmentFault(
            f"{address} wants a certificate; name one under `distributed.comm.tls` in Dask's configuration"
        )


def _address(options: Engine, environment: Mapping[str, str]) -> str:
    if options.scheduler:
        return options.scheduler
    if options.scheduler_file:
        try:
            return str(json.loads(options.scheduler_file.read_text())["address"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise EnvironmentFault(
                f"the scheduler file {options.scheduler_file} cannot be used ({error}); start the scheduler "
                "with --scheduler-file, or correct `engine.scheduler_file`"
            ) from error
    named = environment.get("DASK_SCHEDULER_ADDRESS") or dask.config.get("scheduler-address", None)
    if not named:
        raise EnvironmentFault(
            "`engine: dask` needs the address of a scheduler; write `engine.scheduler`, or set "
            "DASK_SCHEDULER_ADDRESS"
        )
    return str(named)
