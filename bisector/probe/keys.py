"""What a build and a test depend on, as keys: same key, same artefacts, same reading."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from bisector.history.object_ids import object_ids
from bisector.history.repository import Repository
from bisector.hunt_file import Hunt
from bisector.hunt_file.overlay import Copy, Overlay, Patch, Place

_WHOLE_TREE = (".",)


def hunt_key(hunt: Hunt, repository: Repository, good: Sequence[str], bad: str) -> str:
    """What makes two starts the same hunt: where it searches, what it runs, what it asks."""
    document = _document(hunt)
    asked = {
        name: document[name] for name in ("first_parent", "paths", "build", "test", "predicate", "sandbox")
    }
    ends = {"good": good[0], "bad": bad}
    return _digest([str(repository.git_folder), list(good), bad, asked, _surroundings(hunt, ends)])


def _document(hunt: Hunt) -> dict[str, Any]:
    """The hunt as JSON values, without what changes when things are built and not what."""
    return hunt.model_dump(mode="json", exclude={"build": {"ahead", "ccache"}})


def inputs_of(hunt: Hunt) -> tuple[str, ...]:
    """The paths that readings depend on, of the build and of the test; '.' where a section declares none."""
    return tuple(dict.fromkeys([*_build_inputs(hunt), *(hunt.test.inputs or _WHOLE_TREE)]))


def _build_inputs(hunt: Hunt) -> tuple[str, ...]:
    return (hunt.build.inputs or _WHOLE_TREE) if hunt.build else ()


def build_keys(
    hunt: Hunt,
    repository: Repository,
    commits: Sequence[str],
    ends: Mapping[str, str],
    *,
    clean: bool = False,
) -> list[str]:
    """For each commit the key of its build; `ends` gives the ids of `good` and `bad`.

    With `clean` the key of a build from clean that does not trust the declared inputs.
    """
    inputs = _WHOLE_TREE if clean and hunt.build else _build_inputs(hunt)
    recipe = [_document(hunt)["build"], _surroundings(hunt, ends, inputs), clean]
    # Most of many commits are alike in the inputs.
    key = functools.cache(lambda ids: _digest([recipe, ids]))
    return [key(ids) for ids in object_ids(repository, commits, inputs)]


def test_keys(
    hunt: Hunt, repository: Repository, commits: Sequence[str], ends: Mapping[str, str]
) -> list[str]:
    """For each commit the key of its reading: of its build, and of what the test reads beside it."""
    built = build_keys(hunt, repository, commits, ends)
    recipe = [hunt.model_dump(mode="json")["test"], _surroundings(hunt, ends)]
    tested = object_ids(repository, commits, hunt.test.inputs or _WHOLE_TREE)
    key = functools.cache(lambda build, ids: _digest([build, recipe, ids]))
    return [key(build, ids) for build, ids in zip(built, tested, strict=True)]


def _surroundings(hunt: Hunt, ends: Mapping[str, str], inputs: Sequence[str] = _WHOLE_TREE) -> list[object]:
    """The environment, and the overlay as far as it may touch `inputs`."""
    overlay = [change for change in hunt.overlay if _touches(change, inputs)]
    contents = []
    for change in overlay:
        if isinstance(change, Copy):
            contents.append(ends.get(change.from_, change.from_))
        elif isinstance(change, Place | Patch):
            file = change.file if isinstance(change, Place) else change.patch
            files = sorted(p for p in file.rglob("*") if p.is_file()) if file.is_dir() else [file]
            contents += [hashlib.sha256(p.read_bytes()).hexdigest() for p in files if p.is_file()]
    return [
        [change.model_dump(mode="json") for change in overlay],
        contents,
        hunt.environment.model_dump(mode="json"),
    ]


def _touches(change: Overlay, inputs: Sequence[str]) -> bool:
    """Whether a change may reach one of these files and folders; a patch may reach any."""
    target = change.target
    if target is None or "." in inputs:
        return True
    path = PurePosixPath(target)
    return any(path.is_relative_to(one) or PurePosixPath(one).is_relative_to(path) for one in inputs)


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:40]
