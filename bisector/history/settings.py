"""A snapshot of refs, configuration and attributes of the user's repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import environ
from pathlib import Path

from bisector.history.repository import Repository

NO_PUSH = "bisector disables push in its slots"
"""The push URL of a slot's remotes; git reports that it is not a repository."""

_FILES = ("info/attributes", "info/exclude", "info/grafts", "shallow")
_OWN_REFS = (b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/", b"refs/stash")
"""Refs of the user's unfinished work, which a clone would not have either."""
_LEFT_OUT = re.compile(
    # They name the user's folders, start other programs, or change how refs are stored.
    r"core\.(worktree|bare|hookspath|fsmonitor|untrackedcache|sparsecheckout|sparsecheckoutcone|splitindex)"
    r"|extensions\.(worktreeconfig|refstorage)|include\.path|includeif\..*|gc\.auto|maintenance\.auto"
    r"|remote\..*\.(pushurl|mirror)",
    re.DOTALL,
)
_LOCAL = ("local", "worktree")


@dataclass(frozen=True, slots=True)
class Settings:
    """Refs in the format of `packed-refs`, symbolic refs by name, configuration, and files by path."""

    refs: bytes
    symbolic: dict[str, bytes]
    config: bytes
    files: dict[str, bytes]

    def write(self, folder: Path, more: Iterable[tuple[str, str]] = ()) -> None:
        """Write them to a git folder; `more` is configuration that overrides the user's."""
        (folder / "packed-refs").write_bytes(self.refs)
        (folder / "config").write_bytes(self.config + b"".join(_line(key, value) for key, value in more))
        for path, content in (self.symbolic | self.files).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def settings_of(repository: Repository) -> Settings:
    """Read the settings of `repository`. Raises `GitFailure` if git fails."""
    refs, symbolic = _refs(repository)
    lines = [_line(key, value) for key, value in _config(repository)]
    files = {}
    for name in _FILES:
        try:
            files[name] = (repository.git_folder / name).read_bytes()
        except OSError:
            continue
    return Settings(refs, symbolic, b"".join(lines), files)


def _refs(repository: Repository) -> tuple[bytes, dict[str, bytes]]:
    out = repository.git("for-each-ref", "--format=%(objectname) %(refname)%00%(symref)")
    packed = [b"# pack-refs with: sorted \n"]
    symbolic = {}
    for row in out.splitlines():
        ref, _, target = row.partition(b"\0")
        name = ref.partition(b" ")[2]
        if name.startswith(_OWN_REFS):
            continue
        if target:
            symbolic[name.decode(errors="surrogateescape")] = b"ref: " + target + b"\n"
        else:
            packed.append(ref + b"\n")
    return b"".join(packed), symbolic


def _config(repository: Repository) -> Iterator[tuple[str, str | None]]:
    """The repository's configuration, including what applies by its location (`includeIf`)."""
    out = repository.git("config", "--list", "--show-scope", "--show-origin", "--null")
    fields = out.decode(errors="surrogateescape").split("\0")
    everywhere = _global_files()
    remotes = set()
    for at in range(0, len(fields) - 2, 3):
        scope, origin, setting = fields[at : at + 3]
        included = scope == "global" and origin.removeprefix("file:") not in everywhere
        key, has_value, value = setting.partition("\n")
        if (scope in _LOCAL or included) and not _LEFT_OUT.fullmatch(key):
            yield key, value if has_value else None
            if key.startswith("remote.") and key.endswith(".url"):
                remotes.add(key.removesuffix(".url"))
    yield from ((f"{remote}.pushurl", NO_PUSH) for remote in sorted(remotes))
    yield from (("gc.auto", "0"), ("maintenance.auto", "false"))


def _global_files() -> set[str]:
    home = environ.get("HOME", "")
    above = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    return {environ.get("GIT_CONFIG_GLOBAL", ""), f"{home}/.gitconfig", f"{above}/git/config"}


def _line(key: str, value: str | None) -> bytes:
    """A setting with its own section heading and any bytes (git-config(1), "Syntax")."""
    section, _, name = key.rpartition(".")
    head, dot, tail = section.partition(".")
    heading = f'{head} "{_escaped(tail)}"' if dot else head
    text = f"[{heading}]\n\t{name}\n" if value is None else f'[{heading}]\n\t{name} = "{_escaped(value)}"\n'
    return text.encode(errors="surrogateescape")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
