"""The connection to a running Dask cluster."""

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

# Most of their methods are untyped.
_Client: Any = distributed.Client
_Security: Any = distributed.Security

_CLOSING = 2.0
"""Seconds to wait for an unresponsive scheduler when closing."""

_PATIENCE = 20.0
"""Seconds in which a scheduler must answer."""


@contextlib.contextmanager
def connected(options: Engine, environment: Mapping[str, str]) -> Iterator[distributed.Client]:
    """A client of the scheduler that the hunt, `environment` or Dask's configuration names.

    TLS follows Dask's configuration (`distributed.comm.tls`). Raises `EnvironmentFault` if no scheduler is
    named, or it does not answer.
    """
    address = _address(options, environment)
    _require_certificate(address)
    # Exceptions report what goes wrong; Dask would also log it across the screen.
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
    """Raise `EnvironmentFault` if the scheduler needs TLS and Dask's configuration has no certificate."""
    if not address.startswith("tls://"):
        return
    try:
        there = _Security().get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise EnvironmentFault(
            f"cannot read the certificate for {address} ({error}); correct `distributed.comm.tls` in "
            "Dask's configuration"
        ) from error
    if there is None:
        raise EnvironmentFault(
            f"{address} needs a certificate; set one under `distributed.comm.tls` in Dask's configuration"
        )


def _address(options: Engine, environment: Mapping[str, str]) -> str:
    if options.scheduler:
        return options.scheduler
    if options.scheduler_file:
        try:
            return str(json.loads(options.scheduler_file.read_text())["address"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise EnvironmentFault(
                f"cannot read the scheduler file {options.scheduler_file} ({error}); start the scheduler "
                "with --scheduler-file, or correct `engine.scheduler_file`"
            ) from error
    named = environment.get("DASK_SCHEDULER_ADDRESS") or dask.config.get("scheduler-address", None)
    if not named:
        raise EnvironmentFault(
            "`engine: dask` needs the address of a scheduler; write `engine.scheduler`, or set "
            "DASK_SCHEDULER_ADDRESS"
        )
    return str(named)
