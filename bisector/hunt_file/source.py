"""YAML text -> plain data, with the line of every key.

BaseLoader resolves no types, so every scalar arrives as text; only `true`/`false`, decimal numbers and `null`
are converted (`yes`, `1:30` and dates stay text). Duplicate keys, tags, several documents, cycles and alias
bombs are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from bisector.errors import HuntFileError
from bisector.hunt_file.fields import unwritable
from bisector.hunt_file.origin import KeyPath, Mark, dotted

MAX_DEPTH = 32
MAX_SIZE = 1_000_000
"""Characters of all values after expanding aliases; each value counts at least 50."""

_NULL = re.compile(r"(?:~|null|Null|NULL)?")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_CORE_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"}

_REMEDIES = (
    (r"'\\t'", "indent with spaces, not with tabs"),
    (r"'[@`%]'", "put the text in quotes"),
    (r"mapping values are not allowed", "check the indentation, and put text that contains ': ' in quotes"),
    (r"could not find expected ':'", "write a colon and a space after the key"),
    (r"undefined alias", "put text that starts with '*' in quotes"),
    (r"unknown escape", "put text with backslashes in single quotes"),
    (r"while scanning a quoted", "close the quotes"),
    (r"expected ',' or|flow", "close the bracket, and separate the entries with commas"),
    (r"block mapping|block collection|block end", "check the indentation"),
    (r"expected a single document", "a hunt file has one document; remove the '---'"),
)


class Source:
    """One YAML text: its `data`, and the `marks` of its keys.

    Messages start with `name`, and with the line unless `one_line`. Raises HuntFileError.
    """

    def __init__(self, text: str, name: str, one_line: bool = False) -> None:
        self._name = name
        self._one_line = one_line
        self.marks: dict[KeyPath, Mark] = {}
        self._open: set[int] = set()
        self._size = 0
        root = self._composed(text)
        self.data: object = None if root is None else self._value(root, ())

    def _refuse(self, line: int, sentence: str) -> HuntFileError:
        where = self._name if self._one_line else f"{self._name}:{line}"
        return HuntFileError(f"{where}: {sentence}")

    def _composed(self, text: str) -> yaml.Node | None:
        try:
            self._check_depth(yaml.parse(text, yaml.BaseLoader))
            return yaml.compose(text, yaml.BaseLoader)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._refuse(
                line, f"the character U+{error.character:04X} is not allowed in YAML; remove it"
            ) from error
        except yaml.MarkedYAMLError as error:
            raise self._refuse(_line(error), _syntax(error)) from error
        except (ValueError, OverflowError) as error:  # from PyYAML, for escapes beyond Unicode
            line = text.count("\n", 0, max(text.find("\\U"), 0)) + 1
            raise self._refuse(
                line, "an escape that begins with \\U is not a valid character; remove it"
            ) from error

    def _check_depth(self, events: Iterator[yaml.Event]) -> None:
        """Check the depth on the flat events first, because PyYAML composes by recursion."""
        depth = 0
        for event in events:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise self._refuse(line, f"nested more than {MAX_DEPTH} levels deep; reduce the nesting")

    def _value(self, node: yaml.Node, path: KeyPath) -> object:
        line = node.start_mark.line + 1
        self._size += 50 + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
        if self._size > MAX_SIZE:
            raise self._refuse(line, "too large after expanding aliases; use fewer aliases")
        if isinstance(node, yaml.ScalarNode):
            self.marks.setdefault(path, Mark(line, node.value))
            return self._scalar(node)
        self.marks.setdefault(path, Mark(line))
        if node.tag not in _CORE_TAGS:
            raise self._refuse(line, f"the tag {_tag(node)} is not allowed; remove it")
        if id(node) in self._open:
            raise self._refuse(line, f"{dotted(path)}: an alias contains itself; write out its value")
        self._open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            value: object = self._mapping(node, path)
        else:
            value = [self._value(item, (*path, number)) for number, item in enumerate(node.value)]
        self._open.discard(id(node))
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._refuse(line, "a key is a list or a mapping; write a word, or put it in quotes")
            key = str(key_node.value)
            at = (*path, key)
            if key in result:
                first = self.marks[at].line
                raise self._refuse(line, f"{dotted(at)}: duplicate key, first on line {first}; remove one")
            self._check_text(key, line)
            text = value_node.value if isinstance(value_node, yaml.ScalarNode) else None
            self.marks[at] = Mark(line, text)
            result[key] = self._value(value_node, at)
        return result

    def _scalar(self, node: yaml.ScalarNode) -> object:
        line = node.start_mark.line + 1
        if node.tag not in _CORE_TAGS:
            raise self._refuse(line, f"the tag {_tag(node)} is not allowed; remove it")
        self._check_text(node.value, line)
        return str(node.value) if node.style else _plain(node.value)

    def _check_text(self, text: str, line: int) -> None:
        if found := unwritable(text):
            raise self._refuse(line, f"a text contains {found}; remove it")


def _plain(text: str) -> object:
    """The value of an unquoted scalar by YAML 1.2's core schema, except for forms that commit ids can have.

    Octal and hexadecimal numbers, and exponents without a decimal point (`83e595`), stay text.
    """
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _tag(node: yaml.Node) -> str:
    return str(node.tag).replace("tag:yaml.org,2002:", "!!")


def _line(error: yaml.MarkedYAMLError) -> int:
    """The line to fix: for something left open to the end of the file, the line where it begins."""
    to_the_end = "end" in (error.problem or "") and "stream" in (error.problem or "")
    marks = (error.problem_mark, error.context_mark)
    mark = next(filter(None, reversed(marks) if to_the_end else marks), None)
    return mark.line + 1 if mark else 1


def _syntax(error: yaml.MarkedYAMLError) -> str:
    whole = " ".join(part for part in (error.context, error.problem) if part)
    fixes = (fix for pattern, fix in _REMEDIES if re.search(pattern, whole))
    return f"not valid YAML ({error.problem or error.context}); {next(fixes, 'check the lines around it')}"
