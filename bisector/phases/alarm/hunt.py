"""The hunt for the cause of an alarm, as overrides of the hunt file and as a command line."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence

import yaml

from bisector.hunt_file.origin import OPTIONS, option_of
from bisector.phases.alarm.run import line_of

_LEAST_RATIO = 1.1


def hunt_values(
    name: str, good: Sequence[str], bad: str, pattern: str, benchmark: str | None, ratio: float
) -> dict[str, object]:
    """Overrides for a hunt for the commit that made `benchmark` slower by `ratio` (None: that broke them
    all).

    The hunt's ratio is half of `ratio` on the log scale.
    """
    ends: dict[str, object] = {"good": list(good), "bad": bad}
    if benchmark is None:
        return {**ends, "hunt": f"{name}-broken", "predicate": "exit_status"}
    return {
        **ends,
        "hunt": f"{name}-{benchmark}".replace("/", "-")[:100],
        "predicate": "counter",
        "predicate.pattern": line_of(pattern, benchmark),
        "predicate.ratio": round(max(_LEAST_RATIO, math.sqrt(ratio)), 2),
    }


def command_line(config: str | None, values: Mapping[str, object]) -> str:
    """The command line of `bisector run` with a hunt file and overrides."""
    words = ["bisector", "run", *(["--config", config] if config else [])]
    for key, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if key in OPTIONS:
                words += [option_of(key), str(one)]
            else:
                words += ["--set", f"{key}={_as_yaml(one)}"]
    return shlex.join(words)


def _as_yaml(value: object) -> str:
    """A value on one line of YAML, quoted only if necessary."""
    text = str(value)
    try:
        bare = yaml.safe_load(text) == value
    except yaml.YAMLError:
        bare = False
    return text if bare else json.dumps(value)
