"""A plug-in chosen by name, or by the path of its file, with its options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from bisector.hunt_file.fields import OneLine, base_of, described, resolved

_FILE = re.compile(r".*/.*|.*\.py(:\w+)?")


class Choice(BaseModel):
    """Base class of sections that name a plug-in; every other key is an option of that plug-in.

    A name alone can replace the whole section.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    name: OneLine

    @property
    def options(self) -> dict[str, JsonValue]:
        """All keys except the name, not yet checked against the plug-in's options."""
        return dict(self.__pydantic_extra__)

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, value: object) -> object:
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, Mapping | cls):
            raise ValueError(f"expected a name, or keys and values with a 'name', got {described(value)}")
        return value

    @field_validator("name")
    @classmethod
    def _of_path(cls, name: str, info: ValidationInfo) -> str:
        return str(resolved(Path(name), base_of(info))) if _FILE.fullmatch(name) else name

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        section = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string"}, section]}
