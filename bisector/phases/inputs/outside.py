"""Groups files read outside the repository into familiar kinds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_NOT_FILES = ("/proc", "/sys", "/dev")
_LANGUAGE = (
    "gcc|ocaml|llvm|clang|python|perl|ruby|node|jvm|go|rustlib|ghc|erlang|php|lua|bfd-plugins|cmake|pkgconfig"
)
_COMPILER = re.compile(
    rf"^/usr(?:/local)?/(?:include|(?:lib|lib64|libexec|share)/(?:\w+-linux-gnu/)?(?:{_LANGUAGE}))"
)
_STARTUP = re.compile(r"\.(?:o|a|h|hpp)$")
_LIBRARY = re.compile(r"\.so(?:\.[\d.]+)?$|^/etc/ld\.so|^(?:/usr)?/lib(?:32|64|x32)?/")
_DATA = re.compile(r"^/usr(?:/local)?/share/|/locale/|/gconv/")


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one kind: their number, and familiar names, those with the most files first."""

    kind: str
    files: int
    names: tuple[str, ...]


def grouped(
    read: Iterable[str], executed: Set[str], environment: Mapping[str, str], scratch: Path
) -> list[Group]:
    """Group absolute paths that were read (including listed folders), largest group first.

    `executed` are those that ran as programs. Virtual files of the kernel are skipped.
    """
    found: dict[str, dict[str, set[str]]] = {}
    run = {os.path.realpath(path) for path in executed}
    for path in read:
        real = os.path.realpath(path)
        if real == "/" or real.startswith(tuple(f"{top}/" for top in _NOT_FILES)) or real in _NOT_FILES:
            continue
        kind, name = _kind_of(real, real in run, environment, scratch)
        found.setdefault(kind, {}).setdefault(name, set()).add(real)
    groups = [
        Group(
            kind,
            sum(map(len, names.values())),
            tuple(sorted(names, key=lambda name, of=names: (-len(of[name]), name))),  # type: ignore[misc]
        )
        for kind, names in found.items()
    ]
    return sorted(groups, key=lambda group: (-group.files, group.kind))


def _kind_of(path: str, is_run: bool, environment: Mapping[str, str], scratch: Path) -> tuple[str, str]:
    home = environment.get("HOME", "").rstrip("/")
    opam = environment.get("OPAMROOT") or f"{home}/.opam"
    if PurePosixPath(path).is_relative_to(scratch):
        return "git's own files", ".git"
    if home and path.startswith(f"{opam}/"):
        return "opam", f"{_short(opam, home)}/{path.removeprefix(opam).split('/')[1]}"
    if len(home) > 1 and (path == home or path.startswith(f"{home}/")):
        return "home", _short("/".join(path.split("/")[: home.count("/") + 2]), home)
    if path.startswith(("/tmp/", "/var/tmp/")) or path in ("/tmp", "/var/tmp"):
        return "temporary files", "/".join(path.split("/")[:3])
    if is_run:
        return "programs", PurePosixPath(path).name
    return _of_the_system(path)


def _of_the_system(path: str) -> tuple[str, str]:
    parts = path.split("/")
    if found := _COMPILER.match(path):
        return "compilers and languages", found[0]
    if _DATA.search(path):
        return "data of the system", "/".join(parts[:4])
    if _STARTUP.search(path):
        return "compilers and languages", "/".join(parts[:-1])
    if _LIBRARY.search(path):
        return "system libraries", PurePosixPath(path).name.split(".so")[0]
    if parts[1] == "etc":
        return "settings of the system", "/".join(parts[:3])
    if "bin" in parts[:-1]:
        return "programs", parts[-1]
    return "elsewhere", "/".join(parts[:3])


def _short(path: str, home: str) -> str:
    return f"~{path.removeprefix(home)}" if home and path.startswith(home) else path
