"""Sets one list of a YAML text with ruamel.yaml, which is slow to import."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.emitter import RoundTripEmitter
from ruamel.yaml.error import CommentMark
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString
from ruamel.yaml.tokens import CommentToken


class _Texts(VersionedResolver):
    """Reads all scalars as texts, so that numbers stay as written and impossible dates are no errors."""

    versioned_resolver: Mapping[str, object] = {}


class _Emitter(RoundTripEmitter):
    """Writes one space before a comment, whatever the line's length; the merge restores the original ones."""

    def write_comment(self, comment: Any, pre: bool = False) -> None:
        super().write_comment(CommentToken(comment.value, CommentMark(0)) if self.column else comment, pre)


def both_versions(text: str, section: str, key: str, lines: Sequence[str], widest: int) -> tuple[str, str]:
    """The text as ruamel.yaml formats it, without and with the list in `lines` as the value of `key`.

    Entries of an existing list that stay keep their order and comments.
    """
    # Fold a list that is too long for one line, but no line that exists already.
    longest = max(map(len, text.splitlines()))
    library = _library(max(longest, widest) if len(lines) > 1 else sys.maxsize)
    document = library.load(text)
    there, new = document[section], _library(widest).load("\n".join(lines))[key]
    old = there.get(key) if isinstance(there.get(key), list) else None
    if not there.fa.flow_style():
        column = there.lc.key(next(iter(there)))[1]
        library.indent(mapping=column)
        if old and not old.fa.flow_style():
            row, entry = old.lc.item(0)
            line = text.split("\n")[row]
            library.indent(sequence=entry - column, offset=len(line) - len(line.lstrip()) - column)
    before = _dumped(library, document)
    below = _cut(*_leaf(there, key if key in there else list(there)[-1]))
    if old:
        old.extend(value for value in new if value not in old)
        for at in reversed(range(len(old))):
            if old[at] not in new:
                _remove(there, key, at)
    else:
        there[key] = new
    _hang(*_leaf(there, key), below)
    return before, _dumped(library, document)


def _library(width: int) -> YAML:
    library = YAML()
    library.Resolver, library.Emitter = _Texts, _Emitter
    library.preserve_quotes = True
    library.width = width
    return library


def _dumped(library: YAML, document: Any) -> str:
    stream = io.StringIO()
    library.dump(document, stream)
    return stream.getvalue()


# ruamel.yaml attaches comments to the entry before them, even if they belong to what follows.


def _leaf(node: Any, key: Any) -> tuple[Any, Any]:
    """The entry that holds the comments below the value of `key`: the last one inside it."""
    value = node[key]
    if not value or not isinstance(value, dict | list) or node[key].fa.flow_style():
        return node, key
    return _leaf(value, list(value)[-1] if isinstance(value, dict) else len(value) - 1)


def _cut(node: Any, key: Any) -> str:
    """Remove and return the comment lines and blank lines below an entry."""
    tokens, slot = _tokens(node, key)
    token = tokens[slot]
    if not token:
        return ""
    if isinstance(node[key], LiteralScalarString | FoldedScalarString):
        own, below = "", " " * token.start_mark.column + token.value
    else:
        own, _, below = token.value.partition("\n")
    token.value = f"{own}\n"
    if not own:
        tokens[slot] = None
    return str(below)


def _hang(node: Any, key: Any, below: str) -> None:
    """Add such lines below an entry."""
    tokens, slot = _tokens(node, key)
    if tokens[slot]:
        tokens[slot].value += below
    elif below:
        tokens[slot] = CommentToken(f"\n{below}", CommentMark(0))


def _tokens(node: Any, key: Any) -> tuple[list[Any], int]:
    """The comments around an entry, and the index of the one that follows it."""
    return node.ca.items.setdefault(key, [None] * 4), 2 if isinstance(node, dict) else 0


def _remove(section: Any, key: str, at: int) -> None:
    """Remove an entry and the comment on its line."""
    entries = section[key]
    below = _cut(entries, at)
    del entries[at]
    above = entries.ca.comment and entries.ca.comment[1]
    if above and not at:
        above[-1].value += below
    elif at:
        _hang(entries, at - 1, below)
    else:
        _hang(section, key, below)
