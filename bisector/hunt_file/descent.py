"""The keys `descend` and `narrow`: whether to follow an answer to its cause."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, StrictBool, model_validator
from pydantic_core import CoreSchema

from bisector.hunt_file.overlay import Section


class Descend(Section):
    """Whether to follow an answer that is a merge, or moves a submodule or a package, to what it brings in.

    Instead of the section, you can write only `true` or `false`.
    """

    follow: StrictBool = Field(
        default=True,
        description="Whether to hunt on inside the answer. Otherwise the hunt stops at the commit.",
    )
    fetch: StrictBool = Field(
        default=False,
        description="Whether to fetch the history of a submodule that your clone lacks, from the submodule's "
        "URL, into `scratch`, and to ask a registry for the releases of a package. Your own clones do not "
        "change.",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_switch(cls, value: object) -> object:
        return {"follow": value} if isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        section = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "boolean"}, section]}


def _of_switch(value: object) -> object:
    return {True: "auto", False: None}.get(value, value) if isinstance(value, bool) else value


Narrow = Annotated[Literal["auto", "lines"] | None, BeforeValidator(_of_switch)]
"""How far to take the first bad commit apart: `auto` to its hunks, `lines` to their lines; None for not."""
