"""The section `engine`: a name, or the keys and values of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bisector.errors import HuntFileError
from bisector.hunt_file import Hunt, build


def hunt_with(engine: object) -> Hunt:
    said: dict[str, Any] = {"good": "v1", "test.command": "true"}
    return build(said | ({} if engine is None else {"engine": engine}), Path("/beside"), None)


def test_a_name_stands_for_the_section() -> None:
    """Without the section, probes run on this machine."""
    assert hunt_with(None).engine.name == "local"
    assert hunt_with("dask").engine == hunt_with({"name": "dask"}).engine


@pytest.mark.parametrize(
    "engine", ["dask", {"name": "dask", "scheduler_file": "s.json", "folder": "/var/tmp/x", "per_machine": 2}]
)
def test_it_stays_the_same_when_it_is_overridden(engine: object) -> None:
    """A hunt can be sent to the workers as JSON."""
    hunt = hunt_with(engine)
    assert build({"confidence": 0.9}, Path("/elsewhere"), hunt).engine == hunt.engine


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ("dusk", "expected 'local' or 'dask', got the text 'dusk'"),
        (
            {"scheduler": "tcp://host:1"},
            "'scheduler' works only with a cluster; add 'name: dask', or remove it",
        ),
        (
            {"name": "dask", "scheduler": "host"},
            "'host' is not a scheduler address; write for instance",
        ),
        ({"name": "dask", "folder": "x"}, "'x' is relative, but workers run in different folders"),
        (
            {"name": "dask", "scheduler": "tcp://h:1", "scheduler_file": "s"},
            "'scheduler' and 'scheduler_file' both name the scheduler; remove one",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(engine: object, sentence: str) -> None:
    """An invalid engine is refused in one sentence, with the fix."""
    with pytest.raises(HuntFileError) as refused:
        hunt_with(engine)
    assert sentence in str(refused.value)
