"""Writes inputs and outputs into a hunt file and leaves the rest of it unchanged, comments included."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bisector.errors import HuntFileError
from bisector.history.merging import merged
from bisector.hunt_file.flow import in_flow
from bisector.phases.hunt_file_text import data_of, read_text, replace_text, require_comments

Changes = Mapping[tuple[str, str], Sequence[str]]
"""New lists by section and key: `('build', 'inputs')`."""

_WIDEST = 100
_PLAIN = re.compile(r"[A-Za-z_][\w./+-]*")
_NOT_TEXTS = {"true", "false", "null"}


def write_lists(path: Path, changes: Changes) -> bool:
    """Write the lists into the hunt file; False if it already has them.

    Writes nothing and raises HuntFileError if more than these lists would change, and `EnvironmentFault` if
    the file is not writable.
    """
    text = read_text(path)
    new = rewritten(text, changes, str(path))
    if new == text:
        return False
    try:
        replace_text(path, new)
    except HuntFileError as error:
        raise _refusal(str(path), str(error), changes) from error
    return True


def written_list(key: str, values: Sequence[str], indent: int = 2) -> list[str]:
    """The lines of a key with its list, in brackets if that fits in a section indented by `indent`."""
    line = f"{key}: {in_flow(values)}"
    if indent + len(line) <= _WIDEST:
        return [line]
    return [f"{key}:", *(f"  - {in_flow(value)}" for value in values)]


def rewritten(text: str, changes: Changes, name: str) -> str:
    """`text` with these lists, in any order; error messages begin with `name`.

    Raises HuntFileError if a section is missing or more than the lists would change.
    """
    for section, key in changes:
        if not _children(_children(yaml.compose(text, yaml.BaseLoader)).get(section)):
            raise HuntFileError(f"{name}: there is no section '{section}' to write '{key}' in; add it first")
    crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    new = text.replace("\r\n", "\n") if crlf else text
    end = "" if new.endswith("\n") else "\n"
    new += end
    try:
        for (section, key), values in changes.items():
            new = _with_list(new, section, key, values)
        new = new.removesuffix(end)
        new = new.replace("\n", "\r\n") if crlf else new
        if not _is_same(text, new, changes):
            raise HuntFileError("more than the lists would change")
    except (HuntFileError, yaml.YAMLError) as error:
        why = str(error) if isinstance(error, HuntFileError) else "it would no longer be valid YAML"
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.BaseLoader)):
            why = "a part that an alias refers to would change too"
        raise _refusal(name, why, changes) from error
    return new


def _refusal(name: str, why: str, changes: Changes) -> HuntFileError:
    lists = ", ".join(f"{'.'.join(at)}: {in_flow(values)}" for at, values in changes.items())
    return HuntFileError(f"{name}: nothing is written, because {why}; write in by hand {lists}")


def _is_same(old: str, new: str, changes: Changes) -> bool:
    """Whether `new` has the same content as `old`, except for the lists."""
    before, after = data_of(old), data_of(new)
    for (section, key), values in changes.items():
        before[section][key] = sorted(values)
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            after[section][key].sort()
    return before == after


def _children(node: yaml.Node | None) -> dict[str, Any]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _with_list(text: str, section: str, key: str, values: Sequence[str]) -> str:
    """`text` with one list; raises HuntFileError with a reason if other lines would change.

    ruamel.yaml reformats the whole text, so it writes it twice, without and with the new list. Git merges
    the difference into the original.
    """
    # Imported here because it is slow and few commands need it.
    from bisector.phases.inputs.round_trip import both_versions

    mapping = _children(yaml.compose(text, yaml.BaseLoader))[section]
    old = _children(mapping).get(key)
    entries = old.value if isinstance(old, yaml.SequenceNode) else []
    if entries and sorted(values) == sorted(str(entry.value) for entry in entries):
        return text
    lines = written_list(key, values, mapping.value[0][0].start_mark.column)
    try:
        base, theirs = both_versions(text, section, key, lines, _WIDEST)
    except Exception as error:
        # Unusual YAML can make the library fail with any error.
        raise HuntFileError(f"ruamel.yaml cannot write it ({type(error).__name__})") from error
    new = theirs if base == text else merged(text, base, theirs)
    if isinstance(old, yaml.SequenceNode) and not old.flow_style:
        _require_lines(text, new, [entry for entry in entries if entry.value not in values])
    else:
        _require_lines(text, new, [old or mapping] if old or mapping.flow_style else [])
        require_comments(text, new)
    return new


def _require_lines(old: str, new: str, going: Sequence[yaml.Node]) -> None:
    """Raise HuntFileError unless `new` has all lines of `old`, except those of the nodes in `going`."""
    free = {line for node in going for line in range(node.start_mark.line, node.end_mark.line + 1)}
    left = iter(new.split("\n"))
    if not all(line in left for at, line in enumerate(old.split("\n")) if at not in free):
        raise HuntFileError("other lines would change")
