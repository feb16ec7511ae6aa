"""The section `engine`: where the probes of a hunt run."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, StrictInt, model_validator
from pydantic_core import CoreSchema

from bisector.hunt_file.fields import Count, Kind, LocalPath, OneLine, Wait
from bisector.hunt_file.overlay import Section

BUNDLE = "bundle"
"""The value of `repository` with which this machine sends the history."""

_MINUTE = 60.0
_ADDRESS = re.compile(r"([a-z]+://)?[^\s/]+:\d+")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is not a scheduler address; write for instance tcp://10.0.0.5:8786")
    return text


def _absolute(text: str) -> str:
    if not PurePosixPath(text).is_absolute():
        raise ValueError(f"{text!r} is relative, but workers run in different folders; write it from /")
    return text


class Engine(Section):
    """Where probes run: on this machine (`local`), or as tasks of a Dask cluster (`dask`).

    Instead of the section, you can write only the name.
    """

    name: Literal["local", "dask"] = Field(
        default="local",
        description="`local`: on this machine. `dask`: on the workers of a running Dask cluster; needs "
        "the extra `bisector[dask]` here and on the workers.",
    )
    scheduler: Annotated[OneLine, AfterValidator(_address), Kind("address")] | None = Field(
        default=None,
        description="Address of the cluster's scheduler. Default: from `scheduler_file`, else from the "
        "variable `DASK_SCHEDULER_ADDRESS`.",
        examples=["tcp://10.0.0.5:8786"],
    )
    scheduler_file: LocalPath | None = Field(
        default=None,
        description="File with the address of the scheduler (from `dask scheduler --scheduler-file`), "
        "relative to the hunt file.",
    )
    repository: OneLine = Field(
        default=BUNDLE,
        description="Where workers get the history. With `bundle`, this machine sends the commits of "
        "the range, without earlier ones. Otherwise a URL that each worker clones.",
    )
    folder: Annotated[OneLine, AfterValidator(_absolute), Kind("path")] | None = Field(
        default=None,
        description="Folder on the workers for slots, clones and built artefacts. Clones and artefacts "
        "stay there for the next hunt. Default: the worker's own folder, where nothing stays.",
        examples=["/var/tmp/bisector"],
    )
    wait: Wait = Field(
        default=10 * _MINUTE,
        description="How long the hunt waits while the cluster has no worker, before it stops.",
    )
    retries: Annotated[StrictInt, Field(ge=0)] = Field(
        default=3,
        description="How often a probe is sent to another worker because its worker died or could not "
        "run it.",
    )
    per_machine: Count = Field(
        default=1,
        description="Probes at the same time on one machine, for predicates that measure time. More "
        "than one disturb each other. For all other predicates, each thread of a worker runs one.",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _for_a_cluster(self) -> Engine:
        plain = Engine.model_fields
        given = [key for key in plain if key != "name" and getattr(self, key) != plain[key].default]
        if self.name == "local" and given:
            raise ValueError(f"'{given[0]}' works only with a cluster; add 'name: dask', or remove it")
        if self.scheduler and self.scheduler_file:
            raise ValueError("'scheduler' and 'scheduler_file' both name the scheduler; remove one")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        section = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", "enum": ["local", "dask"]}, section]}
