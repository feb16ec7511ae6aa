"""The hunt that a command line names: by a hunt file, by options, or by both."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bisector.cli.hunt_options import HuntOptions, parameters

if TYPE_CHECKING:
    from bisector.hunt.ground import Ground


@dataclass(frozen=True)
class Chosen:
    """The user's choice: the hunt file, and overrides by dotted key."""

    config: str | None
    values: dict[str, object]
    found: bool = False
    """Whether `config` is a `hunt.yaml` that was found, not named."""

    @property
    def is_empty(self) -> bool:
        """Whether no hunt was named."""
        return self.config is None and not self.values

    def ground(self, *, in_place: bool = False) -> Ground:
        """The loaded hunt with its repository; raises what loading and opening raise.

        A probe of the checkout `in_place` finds the untracked scripts of a hunt without a hunt file there.
        """
        from bisector import hunt_file
        from bisector.cli.as_by_hand import in_current_folder, scripts_to_bring
        from bisector.errors import UsageError
        from bisector.hunt.ground import Ground

        if self.is_empty:
            raise UsageError(
                "no hunt named, and no hunt.yaml here or above; use --config FILE, or options such as --good "
                "and --test"
            )
        path = hunt_file.find(self.config, Path.cwd()) if self.config is not None else None
        hunt = hunt_file.load(path) if path else None
        if hunt:
            return Ground(hunt_file.build(self.values, Path.cwd(), hunt), path, os.environ)
        values = _named(in_current_folder(self.values))
        ground = Ground(hunt_file.build(values, Path.cwd(), None), None, os.environ)
        scripts = [] if in_place else scripts_to_bring(ground.hunt, ground.repository)
        if not scripts or "overlay" in values:
            return ground
        return Ground(hunt_file.build({**values, "overlay": scripts}, Path.cwd(), None), None, os.environ)


def _named(values: dict[str, object]) -> dict[str, object]:
    """`values` with a name for the hunt, from its test command, unless the user chose one."""
    from bisector.probe.hunt_name import hunt_name

    command = values.get("test.command", values.get("test"))
    return {"hunt": hunt_name(command), **values} if isinstance(command, str) else values


def takes_hunt(command: Callable[..., Any]) -> Callable[..., Any]:
    """Replace the first parameter of `command(chosen, ...)` by the options that name a hunt."""
    shared = parameters()
    own = _parameters(command)[1:]

    @functools.wraps(command)
    def wrapper(**given: Any) -> Any:
        from bisector.cli.usual_file import with_usual_file

        options = HuntOptions(**{option.name: given.pop(option.name) for option in shared})
        chosen = Chosen(options.config, options.values())
        return command(with_usual_file(chosen, quiet=bool(given.get("quiet"))), **given)

    every = [*shared, *own]
    wrapper.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in every}
    del wrapper.__wrapped__
    return wrapper


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function, keyword-only and with evaluated annotations."""
    found = inspect.signature(function, eval_str=True).parameters.values()
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in found]
