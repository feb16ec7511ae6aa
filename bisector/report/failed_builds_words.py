"""Groups of commits that do not build, in words. The errors are hostile text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bisector.hunt.failed_builds import FailedBuilds, fix_up
from bisector.hunt.record import HuntRecord
from bisector.hunt_file.flow import in_flow

_MOST = 3
_GROUP = 2


def shown(record: HuntRecord) -> Sequence[FailedBuilds]:
    """The groups that reports tell: the largest ones, of several commits each."""
    return [group for group in record.failed_builds if len(group.commits) >= _GROUP][:_MOST]


def title(group: FailedBuilds) -> str:
    """How many commits do not build, and why."""
    count = len(group.commits)
    do = "commit does" if count == 1 else "commits do"
    return f"{count} {do} not build: {group.error}"


def details(group: FailedBuilds) -> Iterator[str]:
    """Which commits these are, where the history fixes them, and what to add to the hunt file."""
    first, last = group.commits[0][:12], group.commits[-1][:12]
    yield f"commit {first}" if first == last else f"from {first} to {last}, as far as tested"
    if group.fix:
        yield f"{group.fix[:12]} fixes the build, which fails at its parent {group.after[:12]}"
    elif group.builds:
        yield f"fixed in {group.after[:12]}..{group.builds[:12]}, by one of {group.between:,} commits"
    else:
        yield "no commit after them was seen to build"
    if line := line_to_add(group):
        yield f"to test them with its changes, add to the hunt file:  {line}"


def line_to_add(group: FailedBuilds) -> str:
    """The line of a hunt file that picks the fixing commit; '' if it is not known, or picked already."""
    return f"overlay: {in_flow([fix_up(group.fix)])}" if group.fix and not group.is_picked else ""
