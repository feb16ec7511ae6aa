"""What a build and a test depend on, as keys: same key, same artefacts, same reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from bisector.history.repository import Repository
from bisector.hunt_file import Hunt
from bisector.hunt_file.overlay import Copy, Patch, Place

_WHOLE_TREE = (".",)


def hunt_key(hunt: Hunt, repository: Repository, good: Sequence[str], bad: str) -> str:
    """What makes two starts the same hunt: where it searches, what it runs, what it asks."""
    document = hunt.model_dump(mode="json")
    asked = {
        name: document[name] for name in ("first_parent", "paths", "build", "test", "predicate", "sandbox")
    }
    ends = {"good": good[0], "bad": bad}
    return _digest([str(repository.git_folder), list(good), bad, asked, _surroundings(hunt, ends)])


def build_keys(
    hunt: Hunt, repository: Repository, commits: Sequence[str], ends: Mapping[str, str]
) -> list[str]:
    """For each commit the key of its build; `ends` gives the ids of `good` and `bad`."""
    inputs = (hunt.build.inputs if hunt.build else None) or _WHOLE_TREE
    recipe = [hunt.model_dump(mode="json")["build"], _surroundings(hunt, ends)]
    return [_digest([recipe, ids]) for ids in repository.object_ids(commits, inputs)]


def test_keys(
    hunt: Hunt, repository: Repository, commits: Sequence[str], ends: Mapping[str, str]
) -> list[str]:
    """For each commit the key of its reading: of its build, and of what the test reads beside it."""
    built = build_keys(hunt, repository, commits, ends)
    inputs = hunt.test.inputs or _WHOLE_TREE
    recipe = hunt.model_dump(mode="json")["test"]
    tested = repository.object_ids(commits, inputs)
    return [_digest([key, recipe, ids]) for key, ids in zip(built, tested, strict=True)]


def _surroundings(hunt: Hunt, ends: Mapping[str, str]) -> list[object]:
    document = hunt.model_dump(mode="json")
    contents = []
    for change in hunt.overlay:
        if isinstance(change, Copy):
            contents.append(ends.get(change.from_, change.from_))
        elif isinstance(change, Place | Patch):
            file = change.file if isinstance(change, Place) else change.patch
            files = sorted(p for p in file.rglob("*") if p.is_file()) if file.is_dir() else [file]
            contents += [hashlib.sha256(p.read_bytes()).hexdigest() for p in files if p.is_file()]
    return [document["overlay"], contents, document["environment"]]


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:40]
