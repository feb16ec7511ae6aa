"""`requirements.txt` and the like: pins for pip, with and without hashes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bisector.ecosystems.by_file import Change, in_order
from bisector.ecosystems.contract import Ask, Files, LockFileFault, NotWritten, text_of
from bisector.ecosystems.python.releases import wheel_hash

_OPTIONS = re.compile(r"\s+--?[a-z].*", re.DOTALL)
"""What follows the requirement on its logical line: `--hash=...` and other options."""
_COMMENT = re.compile(r"(^|\s)#.*")
_URL_OPTION = re.compile(
    r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)(?:\s+|=)(\S+)", re.MULTILINE
)
_FLAG = re.compile(r"^\s*(--no-index)\b", re.MULTILINE)
_PIN = re.compile(r"(===?\s*)([^\s;,#\\]+)")


@dataclass(frozen=True, slots=True)
class Block:
    """A requirement, with its hashes and the comments that belong to it, or other text (`name` is '')."""

    key: str
    """Tells the blocks of one file apart."""
    name: str
    label: str
    """The pinned version; for other requirements what they allow."""
    text: str


class RequirementsChange(Change):
    """What a commit does to one file of pins."""

    def __init__(self, path: str, before: Files, after: Files) -> None:
        self._before, self._after = blocks_of(path, before[path]), blocks_of(path, after[path])
        super().__init__(path, _locked(self._before), _locked(self._after))

    def mixed(self, moved: frozenset[str]) -> dict[str, bytes]:
        """The file with the lines of these packages as in the new one."""
        old = {one.key: one for one in self._before if one.name not in moved}
        new = {one.key: one for one in self._after if one.name in moved}
        order = in_order([one.key for one in self._before], [one.key for one in self._after], {*old, *new})
        texts = [(new.get(key) or old[key]).text for key in order]
        # A file may end without a line break, and what now comes after its last line needs one.
        texts[:-1] = map(_ended, texts[:-1])
        return {self.path: "".join(texts).encode()}

    def at(self, package: str, version: str, ask: Ask) -> bytes:
        """The file with this package pinned to this version; raises `NotWritten` if it is not pinned once."""
        blocks = [one for one in self._before if one.name == package]
        if not blocks:
            return "".join(one.text for one in self._before).encode()
        if len({one.label for one in blocks}) > 1 or any(not _is_pinned(one) for one in blocks):
            raise NotWritten(f"{self.path} does not pin {package} to one version")
        sources = index_options([one.text.encode() for one in self._before])
        texts = [
            _repinned(one.text, package, version, ask, sources) if one.name == package else one.text
            for one in self._before
        ]
        return "".join(texts).encode()


def blocks_of(path: str, content: bytes) -> list[Block]:
    """The requirements of a file, in order, and the text between them; raises `LockFileFault`."""
    blocks: list[Block] = []
    seen: dict[str, int] = {}
    for line, text in _logical_lines(text_of(path, content)):
        name, label = _requirement(path, line, text)
        # Other text is told apart by what it says, a package by its name and its place among its own lines.
        told = name or f"# {text.strip()}"
        seen[told] = seen.get(told, 0) + 1
        blocks.append(Block(f"{told} {seen[told]}", name, label, text))
    return blocks


def index_options(contents: Iterable[bytes]) -> list[str]:
    """The options of these files that name an index, for pip's command line; folders are left out."""
    found: list[str] = []
    for content in contents:
        text = content.decode("utf-8", "replace")
        for option, value in _URL_OPTION.findall(text):
            if "://" in value or option == "--trusted-host":
                found += [option, value]
        found += _FLAG.findall(text)
    return found


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Requirements with their continued lines and indented comments, and other lines; with line numbers."""
    found: list[tuple[int, str]] = []
    continued = False
    for at, line in enumerate(text.splitlines(keepends=True), 1):
        belongs = continued or (re.match(r"[ \t]+#", line) and found and not _is_blank(found[-1][1]))
        if belongs:
            found[-1] = (found[-1][0], found[-1][1] + line)
        else:
            found.append((at, line))
        continued = line.rstrip("\r\n").endswith("\\") and not line.lstrip().startswith("#")
    return found


def _is_blank(text: str) -> bool:
    return not _bare(text)


def _bare(text: str) -> str:
    """A logical line without comments, line breaks and options."""
    joined = "".join(_COMMENT.sub("", line.rstrip("\r\n")).removesuffix("\\") for line in text.splitlines())
    return _OPTIONS.sub("", joined).strip()


def _is_pinned(block: Block) -> bool:
    pin = _PIN.search(_bare(block.text).partition(";")[0])
    return pin is not None and pin[2] == block.label


def _requirement(path: str, line: int, text: str) -> tuple[str, str]:
    """Name and label; two empty strings for text that is no requirement of a named package."""
    bare = _bare(text)
    if not bare or bare.startswith("-") or re.match(r"[\w+]*:?//|\.{0,2}/|.*\.(whl|zip|gz)$", bare):
        return "", ""
    try:
        requirement = Requirement(bare)
    except InvalidRequirement as error:
        if "/" in bare and "@" not in bare:
            return "", ""
        raise LockFileFault(
            f"{path}:{line}: {bare!r} is no requirement; correct it, or lock again"
        ) from error
    if requirement.url:
        return canonicalize_name(requirement.name), f"@ {requirement.url}"
    specifiers = list(requirement.specifier)
    pinned = len(specifiers) == 1 and specifiers[0].operator in ("==", "===")
    label = specifiers[0].version if pinned else str(requirement.specifier) or "any"
    return canonicalize_name(requirement.name), label


def _locked(blocks: Sequence[Block]) -> dict[str, str]:
    labels: dict[str, list[str]] = {}
    for block in blocks:
        if block.name:
            labels.setdefault(block.name, []).append(block.label)
    return {name: joined(found) for name, found in labels.items()}


def joined(labels: Collection[str]) -> str:
    """The versions of one package as a bump has them."""
    return ", ".join(sorted({*labels}))


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _repinned(text: str, package: str, version: str, ask: Ask, sources: Sequence[str]) -> str:
    pinned = _PIN.sub(lambda found: found[1] + version, text, count=1)
    hashes = re.findall(r"--hash[= ]\S+", pinned)
    if not hashes:
        return pinned
    own = f"--hash={wheel_hash(package, version, ask, sources)}"
    for at, one in enumerate(hashes):
        # The lines of further hashes go, with the backslash that led to them.
        pinned = pinned.replace(one, own) if at == 0 else re.sub(rf"\s*\\\s*{re.escape(one)}", "", pinned)
    return pinned
