"""Writes real git repositories of any shape, quickly and reproducibly."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Node:
    """One commit: the names of its parents, and the changes to the first of them (None deletes)."""

    name: str
    parents: Sequence[str] = ()
    files: Mapping[str, str | None] | None = None
    modes: Mapping[str, str] = field(default_factory=dict)
    """Modes other than `100755`: `100644`, a link `120000`, a submodule `160000` with an id."""


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """The output of git in `folder`."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, capture_output=True, check=False, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode()


def write_history(folder: Path, nodes: Sequence[Node]) -> dict[str, str]:
    """Create a repository at `folder` with these commits and `main` at the last. Returns ids by name."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    marks = {node.name: at for at, node in enumerate(nodes, start=1)}
    lines: list[str] = []
    for node in nodes:
        at = marks[node.name]
        lines += [f"commit refs/heads/{'main' if node is nodes[-1] else 'other'}", f"mark :{at}"]
        lines += [f"committer T <t@example.org> {1_700_000_000 + at * 60} +0000", _data(node.name)]
        lines += [f"{'merge' if n else 'from'} :{marks[p]}" for n, p in enumerate(node.parents)]
        for path, content in (node.files or {node.name: node.name}).items():
            lines += _entry(path, content, node.modes.get(path, "100755"))
        lines.append("")
    script = "\n".join(_rooted(lines))
    git(folder, "fast-import", "--quiet", "--export-marks=.git/marks", stdin=script.encode())
    numbers = dict(line.split() for line in (folder / ".git/marks").read_text().splitlines())
    (folder / ".git/marks").unlink()
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    git(folder, "reset", "--hard", "--quiet")
    git(folder, "branch", "-qD", "other") if len(nodes) > 1 else None
    return {node.name: numbers[f":{marks[node.name]}"] for node in nodes}


def chain(length: int, files: Mapping[int, Mapping[str, str | None]] | None = None) -> list[Node]:
    """`length` commits in a line, named c0, c1, ... `files` has the changes of some of them."""
    return [Node(f"c{at}", [f"c{at - 1}"] if at else [], (files or {}).get(at)) for at in range(length)]


def _entry(path: str, content: str | None, mode: str) -> list[str]:
    if content is None:
        return [f"D {path}"]
    if mode == "160000":
        return [f"M {mode} {content} {path}"]
    return [f"M {mode} inline {path}", _data(content)]


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def _rooted(lines: list[str]) -> list[str]:
    """A commit without parents must not continue its branch."""
    out: list[str] = []
    for at, line in enumerate(lines):
        if line.startswith("commit ") and at:
            block = lines[at : lines.index("", at)]
            if not any(part.startswith("from ") for part in block):
                out += [f"reset {line.removeprefix('commit ')}", ""]
        out.append(line)
    return out
