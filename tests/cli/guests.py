"""A substrate with guests: a build, and a test script of each guest, whose tests broke in some commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.git_history import Node, write_history

BUILD = 'echo build "$BISECTOR_COMMIT" >> "$RUNS"; test ! -e broken && cp substrate built'
SCRIPT = 'echo "run $BISECTOR_COMMIT {guest}" >> "$RUNS"; {body}\n'
GUESTS = ("erlang", "haskell", "lua", "prolog", "tcl")


def guests_history(
    folder: Path, bodies: Mapping[str, str], *, length: int, unbuildable: int = -1
) -> dict[str, str]:
    """Write `folder/repo`: `substrate` and `built` hold the number of the commit, which the scripts read.

    `bodies` has the shell text of each guest's lib/GUEST/test.sh. Returns the ids of the commits c0, c1, ...
    """
    nodes = []
    for at in range(length):
        scripts: dict[str, str | None] = {
            f"lib/{guest}/test.sh": SCRIPT.format(guest=guest, body=body) for guest, body in bodies.items()
        }
        broken: dict[str, str | None] = {"broken": "yes"} if at == unbuildable else {}
        if at == unbuildable + 1 and at:
            broken = {"broken": None}
        files = {**(scripts if at == 0 else {}), "substrate": f"{at}\n", ".gitignore": "built\n", **broken}
        nodes.append(Node(f"c{at}", [f"c{at - 1}"] if at else [], files))
    return write_history(folder / "repo", nodes)


def guests_file(folder: Path, guests: Mapping[str, str] | tuple[str, ...], **more: Any) -> None:
    """Write `folder/hunt.yaml` with these guests as scripts; runs and builds are noted in `folder/runs`."""
    scripts = guests if isinstance(guests, Mapping) else {one: f"bash lib/{one}/test.sh" for one in guests}
    document = {
        "repository": "repo",
        "good": "c0",
        "bad": "main",
        "build": {"command": BUILD},
        "scripts": dict(scripts),
        "environment": {"set": {"RUNS": str(folder / "runs")}},
        **more,
    }
    (folder / "hunt.yaml").write_text(json.dumps(document))
