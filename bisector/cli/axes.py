"""A hunt among things that are not in git, as the section `axes` lists them."""

from __future__ import annotations

from rich.console import Console

from bisector.cli.publish import publish
from bisector.cli.quantify import keep_in_each, screen_for
from bisector.errors import HuntFileError
from bisector.hunt.axes import hunt_axes
from bisector.hunt.ground import Ground
from bisector.phases.axes_report import axes_result


def run_axes(ground: Ground, console: Console, *, as_json: bool, verbosity: int, restart: bool) -> int:
    """Hunt among the axes of the hunt file; returns the exit code.

    Raises `HuntFileError` for several targets.
    """
    hunt = ground.hunt
    if hunt.targets or hunt.find == "all":
        raise HuntFileError(
            f"{hunt.locate('axes')}: axes go with one test, not with 'targets' or 'find: all'"
        )
    with screen_for(ground, console, verbosity) as screen:
        found = hunt_axes(ground, screen, restart=restart)
    result = axes_result(found)
    keep_in_each(result, [ground])
    return publish(result, console, as_json=as_json, md=None)
