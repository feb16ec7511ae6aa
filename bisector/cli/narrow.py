"""`bisector narrow`: a hunt whose answer is taken apart, down to the smallest patch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bisector.cli.options import Chosen
from bisector.cli.run import run_hunt
from bisector.errors import EnvironmentFault, ExitCode, HistoryError, HuntFileError, UsageError
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
    """Hunt, or test an earlier answer again, and take the answer apart; returns the exit code.

    That is the hunt's, but not 0 if no smallest part was found. With `commit`, the hunt has only that commit.
    Raises `UsageError` for a `patch` that cannot be written, `HistoryError` for a commit without a parent,
    `HuntFileError` for a hunt that has not one commit as its answer.
    """
    values = {**chosen.values, "narrow": "lines" if lines else "auto"}
    if commit is not None:
        ends = {"good", "bad", "old", "new"}
        values = {key: value for key, value in values.items() if key not in ends}
        values |= {"old": [f"{commit}^"], "new": commit}
    chosen = replace(chosen, values=values)
    _require_one_answer(chosen, commit)
    if patch is not None and not patch.absolute().parent.is_dir():
        raise UsageError(f"--patch: {patch.absolute().parent} is no folder")
    if patch is not None and patch.is_dir():
        raise UsageError(f"--patch: {patch} is a folder; name a file in it")
    settled: list[bool] = []

    def written(record: HuntRecord) -> None:
        settled.append(_is_settled(record))
        if patch is not None and settled[-1]:
            _write(record, patch)

    code = run_hunt(
        chosen,
        as_json=as_json,
        verbosity=verbosity,
        restart=restart,
        then=written,
    )
    return int(ExitCode.INCONCLUSIVE) if code == ExitCode.FIRST_BAD and not any(settled) else code


def _require_one_answer(chosen: Chosen, commit: str | None) -> None:
    """Require a hunt for one commit, and a parent of the `commit` that was named."""
    ground = chosen.ground()
    hunt, repository = ground.hunt, ground.repository
    if (
        several := "axes"
        if hunt.axes
        else "targets"
        if hunt.targets
        else "find"
        if hunt.find == "all"
        else ""
    ):
        raise HuntFileError(
            f"{hunt.locate(several)}: {several}: only the answer of a hunt for one commit can be narrowed; "
            "name a commit and a test, as in `bisector narrow COMMIT --test ./test.sh`"
        )
    if commit is not None and not repository.parents(repository.resolve(commit)):
        raise HistoryError(f"{commit} has no parent, so there is nothing to compare its parts with")


def _is_settled(record: HuntRecord) -> bool:
    """Whether the first set of changes was found."""
    levels = [level for level in record.descent if level.kind == "changes"]
    return bool(levels) and levels[0].is_settled


def _write(record: HuntRecord, file: Path) -> None:
    """Write the patch of the first set; raises `EnvironmentFault` if that is not possible."""
    patch = next(level.patch for level in record.descent if level.kind == "changes")
    if not patch:
        raise EnvironmentFault("--patch: the patch has more than 1 MiB; see the changes that --json lists")
    try:
        file.write_bytes(patch.encode(errors="surrogateescape"))
    except OSError as error:
        raise EnvironmentFault(f"--patch: cannot write {file} ({error.strerror})") from error
