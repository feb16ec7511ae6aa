"""Makes untrusted text from a repository safe to show."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """`text` on one line, without characters that hide, reorder or control text.

    White space becomes single spaces; control characters become Unicode control pictures; format characters
    (bidirectional overrides, zero-width spaces), separators and lone surrogates become `⟨U+202E⟩`. Joiners
    stay, since scripts and emoji need them.
    """
    return "".join(_shown(c) for c in re.sub(r"[ \t\n\r\f\v\x85\u2028\u2029]+", " ", text))


def visible_lines(text: str) -> str:
    """Like `visible`, line by line; keeps indentation and line ends, as for a command to copy."""
    expanded = (line.expandtabs() for line in text.splitlines())
    return "\n".join("".join(_shown(c) for c in line) for line in expanded)


def _shown(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in _INVISIBLE:
        return char
    if char < " ":
        return chr(0x2400 + ord(char))
    return "\u2421" if char == "\x7f" else f"⟨U+{ord(char):04X}⟩"


_MARKUP = re.compile(
    r"[\\`*\[\]<|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # CommonMark: an underscore between letters is never emphasis
    r"|&(?=[#\w])"
    r"|^[#+\-=>]|#(?=#*$)"  # starts a block, or closes a heading
)
_ORDERED_ITEM = re.compile(r"^(\d+)([.)])(?= |$)")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def markdown(text: str) -> str:
    """`text` escaped for Markdown (CommonMark and GFM, including tables), on one line.

    An empty comment splits `@name`, so that a report pasted into an issue notifies nobody.
    """
    escaped = _MARKUP.sub(r"\\\g<0>", visible(text).strip())
    return _MENTION.sub("@<!-- -->", _ORDERED_ITEM.sub(r"\1\\\2", escaped))
