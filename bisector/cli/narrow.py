"""`bisector narrow`: a hunt whose answer is taken apart, down to the smallest patch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bisector.cli.options import Chosen
from bisector.cli.run import run_hunt
from bisector.errors import EnvironmentFault, UsageError
from bisector.hunt.record import HuntRecord


def run_narrow(
    chosen: Chosen,
    commit: str | None,
    *,
    lines: bool,
    patch: Path | None,
    as_json: bool,
    verbosity: int,
    restart: bool,
) -> int:
    """Hunt, or test an earlier answer again, and take the answer apart; returns the exit code of the hunt.

    With `commit`, the hunt has only that commit. Raises `UsageError` for a `patch` that has no folder.
    """
    values = {**chosen.values, "narrow": "lines" if lines else "auto"}
    if commit is not None:
        ends = {"good", "bad", "old", "new"}
        values = {key: value for key, value in values.items() if key not in ends}
        values |= {"good": [f"{commit}^"], "bad": commit}
    if patch is not None and not patch.absolute().parent.is_dir():
        raise UsageError(f"--patch: {patch.absolute().parent} is no folder")

    def written(record: HuntRecord) -> None:
        if patch is not None:
            _write(record, patch)

    return run_hunt(
        replace(chosen, values=values),
        as_json=as_json,
        verbosity=verbosity,
        restart=restart,
        then=written,
    )


def _write(record: HuntRecord, file: Path) -> None:
    """Write the patch of the innermost step; raises `EnvironmentFault` if the file cannot be written."""
    patches = [level.patch for level in record.descent if level.kind == "changes" and level.patch]
    if not patches:
        return
    try:
        file.write_bytes(patches[0].encode(errors="surrogateescape"))
    except OSError as error:
        raise EnvironmentFault(f"--patch: cannot write {file} ({error.strerror})") from error
