"""The names of files, modules and programs that a failed command reports missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MISSING = re.compile(
    r"no such file|not found|cannot find|can't find|could not find|cannot open|can't open|could not open"
    r"|unable to (open|find|locate|load)|cannot load|does not exist|doesn't exist|no module named"
    r"|ENOENT|FileNotFound|not a directory|failed to (open|load|read)|missing",
    re.IGNORECASE,
)
_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_SLOT = re.compile(r"/\S*?/slots/\d+/tree/")
_NAME = re.compile(r"[\w./@+-]*[\w@+-]")
_MOST = 200
"""Names after which no more are looked up."""


def missing_names(output: str) -> list[str]:
    """Names in the lines of `output` that report something missing, in order, each once.

    Paths in a slot are relative to its top. A Python module also counts by the files that it may be. Most
    names are other words of the line: only those that a checkout really has tell anything.
    """
    found: dict[str, None] = {}
    for line in output.splitlines():
        if _MISSING.search(line):
            found.update(dict.fromkeys(_names(_SLOT.sub("", line))))
        if len(found) > _MOST:
            break
    return list(found)[:_MOST]


def _names(line: str) -> Iterator[str]:
    for module in _MODULE.findall(line):
        path = module.replace(".", "/")
        yield from (f"{path}.py", f"{path}/__init__.py", path)
    for match in _NAME.finditer(line):
        name = match[0].strip(".") if match[0].endswith(".") else match[0]
        if name.strip("./"):
            yield name
            if "." not in name.rpartition("/")[2] and name.startswith("."):
                yield from (f"{name}.js", f"{name}.mjs", f"{name}.json", f"{name}/index.js")
