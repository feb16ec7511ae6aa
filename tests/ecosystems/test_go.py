"""go.mod and go.sum."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.ecosystems import Answer, LockFileFault, NotWritten, bumps_between
from bisector.ecosystems.contract import NO_FILES, Files
from bisector.ecosystems.go import Go

GO = Go()
BEFORE = {
    "go.mod": b"""\
module example.org/me

go 1.21

require example.org/one v1.0.0
require (
\texample.org/two v0.1.0 // indirect
\texample.org/gone v1.0.0
)

replace example.org/one v1.0.0 => ../one
""",
    "go.sum": b"example.org/one v1.0.0 h1:a=\nexample.org/two v0.1.0 h1:b=\n",
}
AFTER = {
    "go.mod": b"""\
module example.org/me

go 1.22

require example.org/one v1.1.0
require (
\texample.org/two v0.2.0 // indirect
\texample.org/new v1.0.0 // indirect
)
""",
    "go.sum": b"example.org/one v1.1.0 h1:c=\nexample.org/two v0.2.0 h1:d=\n",
}


def test_bumps() -> None:
    """Only what is required counts, not what is replaced."""
    assert [(bump.package, bump.old, bump.new) for bump in bumps_between(BEFORE, AFTER)] == [
        ("example.org/gone", "v1.0.0", ""),
        ("example.org/new", "", "v1.0.0"),
        ("example.org/one", "v1.0.0", "v1.1.0"),
        ("example.org/two", "v0.1.0", "v0.2.0"),
    ]


def test_a_mix_changes_only_the_lines_of_what_moves() -> None:
    """go.sum has the hashes of both sides."""
    mixed = GO.mixed(BEFORE, AFTER, ["example.org/two", "example.org/new", "example.org/gone"])
    text = BEFORE["go.mod"].replace(b"two v0.1.0", b"two v0.2.0").replace(b"\texample.org/gone v1.0.0\n", b"")
    assert mixed["go.mod"] == text + b"\nrequire example.org/new v1.0.0 // indirect\n"
    assert mixed["go.sum"].splitlines() == sorted(
        BEFORE["go.sum"].splitlines() + AFTER["go.sum"].splitlines()
    )


MODULES = st.dictionaries(st.sampled_from(["a.b/c", "a.b/d", "a.b/e"]), st.sampled_from(["v1.0.0", "v1.1.0"]))


@given(MODULES, MODULES, st.data())
def test_any_mix_has_the_old_and_the_moved(
    old: dict[str, str], new: dict[str, str], data: st.DataObject
) -> None:
    """Without moves the file is as before; with some, these modules are those of the new file."""

    def files(modules: dict[str, str]) -> Files:
        return {"go.mod": b"module m\n\nrequire (\n" + _lines(modules) + b")\n"}

    before, after = files(old), files(new)
    names = {bump.package for bump in GO.bumps(before, after)}
    assert GO.mixed(before, after, []) == before
    moved = data.draw(st.sets(st.sampled_from(sorted(names)))) if names else set()
    for some in (moved, names):
        wanted = {name: one for name, one in old.items() if name not in some}
        wanted |= {name: one for name, one in new.items() if name in some}
        left = {
            (bump.package, bump.old, bump.new) for bump in GO.bumps(files({}), GO.mixed(before, after, some))
        }
        assert left == {(name, "", version) for name, version in wanted.items()}


def _lines(modules: dict[str, str]) -> bytes:
    return "".join(f"\t{name} {version}\n" for name, version in modules.items()).encode()


def test_a_damaged_file_is_one_sentence() -> None:
    """A file without its first line is none."""
    with pytest.raises(LockFileFault, match="go.mod has no `module` line"):
        bumps_between({"go.mod": b"\n"}, {"go.mod": b"module m\n"})


def answering(command: Sequence[str], files: Files = NO_FILES) -> Answer:
    """go's own answers, as go 1.22 prints them."""
    if list(command[:4]) == ["go", "list", "-m", "-versions"]:
        listed = "v0.9.0 v1.0.0 v1.1.0-rc.1 v1.1.0-rc.10 v1.1.0-rc.2 v1.1.0 v1.10.0 v1.9.0"
        return Answer(f"{command[4]} {listed}\n")
    assert list(command) == ["go", "mod", "download", "-json", "example.org/one@v1.0.5"]
    return Answer(json.dumps({"Version": "v1.0.5", "Sum": "h1:x=", "GoModSum": "h1:y="}))


def test_releases() -> None:
    """In the order of Semantic Versioning; a pseudo-version is a version too."""
    assert GO.releases("m", "v1.0.0", "v1.10.0", ask=answering) == ["v1.1.0", "v1.9.0", "v1.10.0"]
    assert GO.releases("m", "v1.1.0-rc.1", "v1.1.0", ask=answering) == [
        "v1.1.0-rc.2",
        "v1.1.0-rc.10",
        "v1.1.0",
    ]
    assert GO.releases("m", "v1.9.0", "v1.0.0", ask=answering) == ["v1.1.0", "v1.0.0"]
    with pytest.raises(NotWritten, match="m is added or removed"):
        GO.releases("m", "", "v1.0.0", ask=answering)


def test_a_release_between_has_its_hashes() -> None:
    """go.sum gets the two lines that go tells."""
    at = GO.at(BEFORE, "example.org/one", "v1.0.5", ask=answering)
    assert at["go.mod"] == BEFORE["go.mod"].replace(
        b"require example.org/one v1.0.0", b"require example.org/one v1.0.5"
    )
    assert b"example.org/one v1.0.5 h1:x=\nexample.org/one v1.0.5/go.mod h1:y=\n" in at["go.sum"]
