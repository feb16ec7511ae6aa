"""What programs print for a terminal besides text."""

from __future__ import annotations

import re

_CODE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links
)


def without_codes(text: str) -> str:
    """`text` without colours, cursor movements, titles and links."""
    return _CODE.sub("", text)
