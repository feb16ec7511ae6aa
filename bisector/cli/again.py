"""What a report says beside the record: the command that runs the hunt again, and what the commit changes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from bisector import hunt_file
from bisector.cli.options import Chosen
from bisector.history.repository import Repository
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.hunt_file.origin import option_of

_OF_OTHERS = {"diagnose", "watches"}
"""What a hunt file says to other commands than `run`."""


def command_of(chosen: Chosen, session: Session) -> str:
    """`bisector run ...` for exactly this hunt, from any folder, between commits named by their full ids.

    A hunt that came from a file names it, with what options said on top; any other is said in full.
    """
    hunt, words = session.ground.hunt, ["bisector", "run"]
    if chosen.config is None:
        values = _flat(hunt.model_dump(mode="json", exclude_defaults=True, exclude=_OF_OTHERS))
    else:
        words += ["--config", str(hunt_file.find(chosen.config, Path.cwd()).resolve())]
        whole = _flat(hunt.model_dump(mode="json"))
        values = {k: v for k, v in whole.items() if any(_within(k, given) for given in chosen.values)}
    for key, value in values.items():
        if key not in ("good", "bad"):
            words += _option(key, value)
    for commit in session.plan.good:
        words += ["--good", commit]
    return shlex.join([*words, "--bad", session.plan.bad])


def change_of(repository: Repository, record: HuntRecord) -> str:
    """Git's summary of what the first bad commit changes; empty where there is none."""
    found = record.conclusion
    return repository.diffstat(found.commit) if isinstance(found, FirstBad) else ""


def _flat(document: Mapping[str, object], above: str = "") -> dict[str, object]:
    """Values by dotted key; lists stay whole."""
    return dict(_leaves(document, above))


def _leaves(document: Mapping[str, object], above: str) -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _within(key: str, given: str) -> bool:
    return key == given or key.startswith(f"{given}.")


def _option(key: str, value: object) -> list[str]:
    option = option_of(key)
    if isinstance(value, str) and not option.startswith("--set"):
        return [option, value]
    return ["--set", f"{key}={json.dumps(value, ensure_ascii=False)}"]
