"""The files that the commit changes, by declared inputs."""

from __future__ import annotations

from collections.abc import Mapping

from .contract import Collector, CollectorOptions, Evidence, Side

_ELSEWHERE = "elsewhere"


class ChangedFiles(Collector[CollectorOptions]):
    """The commit's diff against its parent, grouped by the declared inputs of build and test.

    `changed_files.build` and `changed_lines.build` (added and removed), and the same for `test` and for
    `elsewhere` (files that are not a declared input). A file that is an input of both counts for the build.
    """

    name = "changed_files"

    def collect(self, side: Side) -> Evidence:
        """Read the diff of the commit from git; the commit it is compared with has no figures."""
        if not side.against:
            return Evidence({})
        groups = [*side.inputs, _ELSEWHERE]
        figures = {f"{what}.{group}": 0.0 for group in groups for what in ("changed_files", "changed_lines")}
        notes: list[str] = []
        out = side.git("diff", "--numstat", "-z", "--no-renames", side.against, side.commit)
        for line in filter(None, out.split("\0")):
            added, removed, path = line.split("\t", 2)
            group = _group_of(path, side.inputs)
            lines = sum(int(number) for number in (added, removed) if number != "-")
            figures[f"changed_files.{group}"] += 1
            figures[f"changed_lines.{group}"] += lines
            how = "binary" if added == "-" else f"+{added} -{removed}"
            notes.append(f"{path} ({how}; {_role(group)})")
        return Evidence(figures, notes=tuple(notes))


def _group_of(path: str, inputs: Mapping[str, tuple[str, ...]]) -> str:
    for group, folders in inputs.items():
        if any(folder == "." or path == folder or path.startswith(f"{folder}/") for folder in folders):
            return group
    return _ELSEWHERE


def _role(group: str) -> str:
    return "not a declared input" if group == _ELSEWHERE else f"input of the {group}"
