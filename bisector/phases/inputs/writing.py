"""A hunt file with other inputs and outputs, all else in it left as it stands, comments included."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from bisector.errors import HuntFileError
from bisector.hunt_file import Hunt
from bisector.hunt_file.source import Source
from bisector.report.atomic_write import atomic_write

Changes = Mapping[tuple[str, str], Sequence[str]]
"""New lists by section and key: `('build', 'inputs')`."""

_WIDEST = 100
_PLAIN = re.compile(r"[A-Za-z_][\w./+-]*")
_NOT_TEXTS = {"true", "false", "null"}


def write_lists(path: Path, changes: Changes) -> bool:
    """Put the lists into the hunt file; False where it says so already.

    Raises HuntFileError, and writes nothing, where the file cannot be edited so that it means the same but
    for these lists, and `EnvironmentFault` where it cannot be written.
    """
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig")
    new = rewritten(text, changes, str(path))
    if new == text:
        return False
    _require_same_but(text, new, changes, path)
    bom = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    atomic_write(path, bom + new.encode())
    return True


def written_list(key: str, values: Sequence[str], indent: int = 2) -> list[str]:
    """The lines of a key with its list, in brackets where that fits, below a section so far to the right."""
    line = f"{key}: {_flow(values)}"
    if indent + len(line) <= _WIDEST:
        return [line]
    return [f"{key}:", *(f"  - {_scalar(value)}" for value in values)]


def rewritten(text: str, changes: Changes, name: str) -> str:
    """`text` with these lists; `name` begins messages.

    Raises HuntFileError where there is no place for one of them.
    """
    for (section, key), values in changes.items():
        root: yaml.Node | None = yaml.compose(text, yaml.BaseLoader)
        for start, end, value in sorted(_edits(text, root, section, key, values, name), reverse=True):
            text = text[:start] + value + text[end:]
    return text


_Edit = tuple[int, int, str]


def _edits(
    text: str, root: yaml.Node | None, section: str, key: str, values: Sequence[str], name: str
) -> list[_Edit]:
    """Which stretches of `text` to replace, so that the list is `values` in any order."""
    mapping = _value_of(root, section)
    if not isinstance(mapping, yaml.MappingNode):
        raise HuntFileError(f"{name}: there is no section '{section}' to write '{key}' in; add it first")
    node = _value_of(mapping, key)
    if node is None:
        return [_added(text, mapping, key, values)]
    if isinstance(node, yaml.ScalarNode):
        return [(node.start_mark.index, node.end_mark.index, f" {_flow(values)}")]
    if not isinstance(node, yaml.SequenceNode) or sorted(values) == sorted(_texts(node)):
        return []
    return _changed(text, node, values, f"{name}:{node.start_mark.line + 1}: {section}.{key}")


def _value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _texts(node: yaml.SequenceNode) -> list[str]:
    return [str(item.value) for item in node.value]


def _changed(text: str, node: yaml.SequenceNode, values: Sequence[str], where: str) -> list[_Edit]:
    """The list in its own style: of one in a column, entries that stay keep their lines."""
    if not node.flow_style:
        return _changed_column(text, node, values)
    start, end = node.start_mark.index, node.end_mark.index
    if "#" in _between(text, node):
        raise HuntFileError(
            f"{where}: the list has comments between its brackets, so it is left alone; "
            "write one entry a line, each after a dash"
        )
    column = node.start_mark.column
    return [
        (
            start,
            end,
            _flow(values)
            if column + len(_flow(values)) <= _WIDEST
            else _folded(values, column, _newline(text)),
        )
    ]


def _between(text: str, node: yaml.SequenceNode) -> str:
    """What stands in a list beside its entries: brackets, commas, space and comments."""
    at, stretches = node.start_mark.index, []
    for item in node.value:
        stretches.append(text[at : item.start_mark.index])
        at = item.end_mark.index
    return "".join([*stretches, text[at : node.end_mark.index]])


def _changed_column(text: str, node: yaml.SequenceNode, values: Sequence[str]) -> list[_Edit]:
    newline = _newline(text)
    indent = " " * node.start_mark.column
    there = set(_texts(node))
    new = [f"{indent}- {_scalar(value)}" for value in values if value not in there]
    edits: list[_Edit] = []
    for item in node.value:
        if item.value not in values:
            start = text.rfind("\n", 0, item.start_mark.index) + 1
            edits.append((start, min(_line_end(text, item.end_mark.index) + len(newline), len(text)), ""))
    last = node.value[-1].end_mark.index
    at = _line_end(text, last)
    if new and node.value[-1].value in values:
        edits.append((at, at, "".join(newline + line for line in new)))
    elif new:
        # The line of the last entry goes: its edit puts the new ones in its place.
        start, end, _ = edits.pop()
        edits.append((start, end, "".join(line + newline for line in new)))
    return edits


def _added(text: str, mapping: yaml.MappingNode, key: str, values: Sequence[str]) -> _Edit:
    """A key that the section does not have yet, below its last one."""
    if mapping.flow_style:
        at = mapping.end_mark.index - 1
        while text[at - 1].isspace():
            at -= 1
        return (at, at, f", {key}: {_flow(values)}")
    newline, column = _newline(text), mapping.value[0][0].start_mark.column
    lines = [f"{' ' * column}{line}" for line in written_list(key, values, column)]
    last = mapping.value[-1][1]
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        inner = last.value[-1]
        last = inner[1] if isinstance(inner, tuple) else inner
    end = last.end_mark.index
    if end and text[end - 1] == "\n":
        # A text over several lines ends where the next key begins.
        return (end, end, "".join(line + newline for line in lines))
    at = _line_end(text, end)
    return (at, at, "".join(newline + line for line in lines))


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _folded(values: Sequence[str], column: int, newline: str) -> str:
    """A list in brackets over several lines, each below the first entry."""
    lines, line = [], "["
    for value in values:
        word = _scalar(value) + ","
        if line != "[" and column + len(line) + 1 + len(word) > _WIDEST:
            lines.append(line)
            line = f"{' ' * (column + 1)}{word}"
        else:
            line += word if line == "[" else f" {word}"
    return newline.join([*lines, line]).removesuffix(",") + "]"


def _scalar(value: str) -> str:
    """A path as YAML, in quotes where it could be read as something else."""
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXTS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_end(text: str, at: int) -> int:
    """Where the line that holds `at` ends, before its line break."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _require_same_but(old: str, new: str, changes: Changes, path: Path) -> None:
    """Raise HuntFileError unless `new` says what `old` says, but for the changed lists."""
    why = ""
    try:
        before, after = Source(old, str(path)).data, Source(new, str(path)).data
        if not isinstance(before, dict) or not isinstance(after, dict):
            why = "it would be no hunt file any more"
        elif any(sorted(after[section][key]) != sorted(values) for (section, key), values in changes.items()):
            why = "the lists would not be read back as they are"
        elif _without(before, changes) != _without(after, changes):
            why = "more than the lists would change"
        else:
            Hunt.model_validate({"hunt": "hunt", **after}, context={"base": path.parent})
    except (HuntFileError, ValidationError, KeyError, TypeError) as error:
        why = f"it could not be loaded any more ({str(error).splitlines()[0]})"
    if why and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(old, yaml.BaseLoader)):
        why = "a part that an alias stands for would change too"
    if why:
        raise HuntFileError(f"{path}: nothing is written, because {why}; write the lists in by hand")


def _without(data: Mapping[str, object], changes: Changes) -> dict[str, object]:
    """The data less the keys that change; sections as copies, so that none is changed for another."""
    kept: dict[str, object] = {}
    for section, value in data.items():
        own = {key for name, key in changes if name == section}
        inner = isinstance(value, dict) and own
        kept[section] = {k: v for k, v in value.items() if k not in own} if inner else value  # type: ignore[attr-defined]
    return kept
