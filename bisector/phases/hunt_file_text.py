"""The text of a hunt file that a command changes: read, compared, written."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bisector.errors import HuntFileError
from bisector.hunt_file import Hunt
from bisector.hunt_file.flow import in_flow
from bisector.hunt_file.source import Source
from bisector.report.atomic_write import atomic_write

_BOM = b"\xef\xbb\xbf"


def read_text(path: Path) -> str:
    """The text of the hunt file, without a byte order mark."""
    return path.read_bytes().decode("utf-8-sig")


def replace_text(path: Path, text: str) -> None:
    """Write `text` into the hunt file, and keep its byte order mark.

    Writes nothing and raises HuntFileError with a reason if it is not a valid hunt, `EnvironmentFault` if the
    file is not writable.
    """
    try:
        Hunt.model_validate({"hunt": "hunt", **data_of(text)}, context={"base": path.parent})
    except ValidationError as error:
        raise HuntFileError("the hunt would no longer be valid") from error
    bom = _BOM if path.read_bytes().startswith(_BOM) else b""
    atomic_write(path, bom + text.encode())


def write_value(path: Path, key: str, value: object) -> bool:
    """Write the value of a top-level key into the hunt file; False if the file already has it.

    Writes nothing and raises HuntFileError if more than this value would change, and `EnvironmentFault` if
    the file is not writable.
    """
    text = read_text(path)
    if data_of(text).get(key) == value:
        return False
    new = with_value(text, key, value, str(path))
    try:
        replace_text(path, new)
    except HuntFileError as error:
        raise _refusal(str(path), str(error), key, value) from error
    return True


def with_value(text: str, key: str, value: object, name: str) -> str:
    """`text` with this value in place of the key's old one, or at its end; error messages begin with `name`.

    Raises HuntFileError if a comment would be lost, or anything else would change.
    """
    try:
        new = _replaced(text, key, in_flow(value))
        same = {**data_of(text), key: value} == data_of(new)
        require_comments(text, new)
    except yaml.YAMLError as error:
        raise _refusal(name, "it would no longer be valid YAML", key, value) from error
    except HuntFileError as error:
        raise _refusal(name, str(error), key, value) from error
    if not same:
        raise _refusal(name, f"more than {key} would change", key, value)
    return new


def data_of(text: str) -> dict[str, Any]:
    """The keys and values of a hunt file's text; raises HuntFileError for text that is no YAML."""
    data = Source(text, "the new text").data
    return data if isinstance(data, dict) else {}


def require_comments(old: str, new: str) -> None:
    """Raise HuntFileError with a reason if `new` lacks a comment of `old`."""
    if Counter(comments_in(old)) - Counter(comments_in(new)):
        raise HuntFileError("a comment would be lost")


def comments_in(text: str) -> list[str]:
    """The comments in `text`: what stands between its tokens."""
    at, found = 0, list[str]()
    for token in yaml.scan(text, yaml.BaseLoader):
        found += re.findall("#.*", text[at : token.start_mark.index])
        at = token.end_mark.index
    return found


def _replaced(text: str, name: str, wanted: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, yaml.BaseLoader)
    if not isinstance(root, yaml.MappingNode):
        raise HuntFileError("it is no mapping")
    for key, value in root.value:
        if key.value == name:
            if value.start_mark.index < key.end_mark.index:
                raise HuntFileError(f"its {name} is an alias of another part")
            return f"{text[: key.end_mark.index]}: {wanted}{text[_end_of(value) :]}"
    if root.flow_style:
        raise HuntFileError("it is written in braces")
    return f"{text}{'' if text.endswith(end) else end}{name}: {wanted}{end}"


def _end_of(node: yaml.Node) -> int:
    """Where a value ends; the mark of a block mapping includes the blank lines and comments below it."""
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _refusal(name: str, why: str, key: str, value: object) -> HuntFileError:
    return HuntFileError(
        f"{name}: nothing is written, because {why}; write in by hand {key}: {in_flow(value)}"
    )
