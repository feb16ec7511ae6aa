"""From the traced files to the proposal, without a repository."""

from __future__ import annotations

from pathlib import Path

from bisector import hunt_file
from bisector.phases.inputs.proposal import Proposal, proposed
from bisector.phases.inputs.seen import Seen
from bisector.phases.inputs.tracing import Traced

TRACKED = frozenset(
    {"Makefile", "README", "src/a", "src/b", "src/c", "data/x", "data/y", "data/z", "generated", "docs/one"}
)
NOTHING: frozenset[str] = frozenset()


def seen(
    read: str = "",
    listed: str = "",
    examined: str = "",
    absent: str = "",
    written: str = "",
    outside: str = "",
) -> Seen:
    """The traced files of each kind, separated by spaces."""
    kinds = {"read": read, "listed": listed, "examined": examined, "absent": absent, "written": written}
    words = {kind: frozenset(text.split()) for kind, text in kinds.items()}
    return Seen(**words, outside=frozenset(outside.split()), executed=NOTHING, calls=1)


def proposal(
    build: Seen | None,
    test: Seen,
    *,
    made: str = "",
    moving: str = "",
    overlay: tuple[str, ...] = (),
    **keys: object,
) -> Proposal:
    """The proposal for a hunt with these dotted `keys`. Dots are written as `__`."""
    values: dict[str, object] = {
        "good": "a",
        "test.command": "t",
        **({"build.command": "b"} if build else {}),
    }
    values |= {key.replace("__", "."): value for key, value in keys.items()}
    hunt = hunt_file.build(values, Path("/"), None)
    traced = Traced("c" * 40, TRACKED, frozenset(made.split()), overlay, build, test)
    return proposed(hunt, traced, frozenset(moving.split()), "/r/.git")


def test_files_of_other_commits_do_not_take_a_folder_apart() -> None:
    """A folder that was read stays one entry, however many files it has in other commits."""
    later = " ".join(f"src/later{at}" for at in range(9))
    found = proposal(seen("src/a src/b src/c Makefile"), seen("data/x"), moving=later)
    assert found.build
    assert found.build.inputs == ("Makefile", "src")
    assert found.test.inputs == ("data/x",)


def test_names_make_inputs_only_beside_what_is_read() -> None:
    """A folder that is listed and read counts in full. One that is only listed is reported instead."""
    test = seen("data/x Makefile", listed=". data docs")
    found = proposal(None, test, moving="data/new docs/new docs2/deep/x NEWS data/deep/y")
    assert found.test.inputs == ("Makefile", "data")
    assert found.passing == ("NEWS", "docs/new", "docs2")


def test_what_is_looked_for_counts_where_it_comes_or_goes() -> None:
    """Found or not, it counts. A missing folder counts with all files that it will have."""
    test = seen("data/x", examined="README docs/one", absent="local.mk conf never")
    found = proposal(None, test, moving="README conf/a conf/b local.mk")
    assert found.test.inputs == ("README", "conf", "data/x", "local.mk")
    assert found.later == ("conf/a", "conf/b", "local.mk")


def test_what_a_build_makes_is_an_output_and_no_input() -> None:
    """A tracked file that the build writes counts as created. One that it read before is an input too."""
    found = proposal(
        seen("src/a data/x", written="generated data/x app"),
        seen("generated data/x app src/a.o src/b.o src/c.o src/d.o out/x out/y", absent="app"),
        made="app left.o src/a.o src/b.o src/c.o src/d.o out/x out/y",
        moving="app",
    )
    assert found.build and found.outputs
    assert found.build.inputs == ("data/x", "src/a")
    objects = tuple(f"src/{name}.o" for name in "abcd")
    assert found.outputs.proposed == ("app", "data/x", "generated", "out", *objects)
    assert found.test.inputs == found.build.inputs, "an empty list cannot be declared"


def test_the_build_s_inputs_are_not_said_twice() -> None:
    """Both lists of inputs count, so the test's list has only what the build's list does not have."""
    build = seen("src/a src/b src/c")
    assert proposal(build, seen("src/a data/x")).test.inputs == ("data/x",)
    assert proposal(build, seen("src/a")).test.inputs == ("src/a",)
    assert proposal(None, seen()).test.inputs == ()


def test_what_is_declared_is_held_against_what_was_read() -> None:
    """Forgotten, never read, or of other commits. The test does not have to repeat the build's list."""
    found = proposal(
        seen("src/a src/b src/c Makefile", outside="/r/.git/HEAD /etc/x"),
        seen("src/a data/x", examined="docs/one"),
        moving="soon/x",
        build__inputs=["src", "README", "soon"],
        test__inputs=["docs", "data/y"],
        build__outputs=["app"],
    )
    assert found.build and found.outputs
    assert (found.build.forgotten, found.build.never_read) == (("Makefile",), ("README",))
    assert found.build.inputs == ("Makefile", "soon", "src")
    assert (found.test.forgotten, found.test.never_read) == (("data/x",), ("data/y",))
    assert (found.outputs.never_read, found.outputs.forgotten) == (("app",), ())
    assert found.forgets and found.asks_git


def test_what_the_overlay_brings_is_no_input() -> None:
    """A file from the overlay is the same at every commit, so it is not an input."""
    found = proposal(None, seen("data/x data/y data/z src/a"), overlay=("data",), test__inputs=["src"])
    assert (found.test.inputs, found.test.forgotten) == (("src/a",), ())
