"""The parts of `bisector inputs` that need no repository: the record, the cover, the groups."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.history.inputs import covered
from bisector.phases.inputs.cover import cover
from bisector.phases.inputs.outside import grouped
from bisector.probe.strace import OPTIONS, Trace, parsed

FILES = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=30).map(
    # A path is a file or a folder, never both.
    lambda paths: {one for one in paths if not any(other.startswith(f"{one}/") for other in paths)}
)


def traced(command: str, folder: Path) -> Trace:
    """The record of a shell command in `folder`, from a real strace."""
    record = folder.parent / "record"
    subprocess.run(
        ["strace", *OPTIONS, "-o", record, "sh", "-c", command], cwd=folder, check=True, timeout=60
    )
    with record.open(errors="surrogateescape") as lines:
        return parsed(lines, str(folder))


def test_what_processes_do_is_told_apart(tmp_path: Path) -> None:
    """Read, listed, examined, looked for and not found, created: each path once, in any current folder."""
    top = tmp_path.resolve() / "top"
    for file in ("sub/read", "sub/deep/é \"'\n", "moved", "seen", "sub/listed/x", "tool"):
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).write_text("#!/bin/sh\n")
    (top / "tool").chmod(0o755)
    script = r"""
        cd sub; cat read >../made; (cd deep && cat ./* ) >/dev/null; ls listed >/dev/null; cd ..
        test -f seen; test -e nowhere/x; cat made >/dev/null; mv moved away; cat away >/dev/null
        mkdir new; echo 1 >new/file; cat new/file; ./tool; ls new; true
    """
    trace = traced(script, top)

    def own(paths: set[str]) -> set[str]:
        return {path.removeprefix(f"{top}/") for path in paths if path.startswith(f"{top}/")}

    assert own(trace.read) == {"sub/read", "sub/deep/é \"'\n", "moved", "tool"}
    assert own(trace.listed) == {"sub/listed", "sub/deep"}
    assert own(trace.examined) >= {"seen"}
    assert "nowhere/x" in own(trace.absent)
    assert own(trace.written) == {"made", "away", "new", "new/file"}
    assert not own(set(trace.absent) | trace.examined) & {"made", "new/file"}
    assert {Path(path).name for path in trace.executed} >= {"cat", "ls", "mv", "tool"}


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (
            [
                '7 openat(AT_FDCWD</r>, "a", O_RDONLY <unfinished ...>',
                '8 chdir("/elsewhere") = 0',
                "7 <... openat resumed>) = 3</r/a>",
            ],
            {"/r/a"},
        ),
        (['7 openat(3</r/sub>, "../b", O_RDONLY|O_CLOEXEC) = 4</r/b>'], {"/r/b"}),
        (['7 open("c", O_RDONLY)   = 4'], {"/r/c"}),
        (['7 chdir("d") = 0', "7 vfork( <unfinished ...>", '8 open("e", O_RDONLY) = 3'], {"/r/d/e"}),
        (['7 chdir("d") = 0', "7 clone(flags=SIGCHLD) = 9", '9 open("e", O_RDONLY) = 3'], {"/r/d/e"}),
        (["7 fchdir(5</r/x>) = 0", '7 open("e", O_RDONLY) = 3'], {"/r/x/e"}),
        (['7 openat(AT_FDCWD</r>, ") = 5", O_RDONLY) = 3</r/) = 5>'], {"/r/) = 5"}),
        (['7 openat(AT_FDCWD</r>, "w", O_RDWR|O_CREAT, 0666) = 3</r/w>', '7 open("w", O_RDONLY) = 3'], set()),
        (['7 openat(AT_FDCWD</r>, "link", O_RDONLY) = 3</r/real>'], {"/r/link", "/r/real"}),
        (['7 openat(AT_FDCWD</r>, "\\303\\251\\"", O_RDONLY) = 3</r/\\303\\251\\42>'], {'/r/é"'}),
        (["7 +++ exited with 0 +++", "strace: a line of its own", ""], set()),
    ],
)
def test_lines_of_a_record(lines: list[str], read: set[str]) -> None:
    """Calls in two halves, current folders of processes, links, escapes, and lines that are not calls."""
    assert parsed(lines, "/r").read == read


def cost(entries: tuple[str, ...], wanted: set[str], files: set[str], never: set[str]) -> float:
    """One for each entry, one for each file covered without need, and infinity for one of `never`."""
    needless = {file for file in (files | never) - wanted if covered(file, entries)}
    return math.inf if needless & never else len(entries) + len(needless)


@given(files=FILES, data=st.data())
def test_a_cover_is_whole_and_small(files: set[str], data: st.DataObject) -> None:
    """All wanted paths are covered, by necessary, separate entries, with the lowest cost."""
    some = st.sets(st.sampled_from(sorted(files))) if files else st.just(set[str]())
    wanted, never = data.draw(some), data.draw(some)
    never -= wanted
    entries = cover(wanted, files - never, never)
    assert all(covered(file, entries) for file in wanted)
    assert all(any(covered(file, [entry]) for file in wanted) for entry in entries)
    assert not any(covered(one, set(entries) - {one}) for one in entries)
    assert not any(covered(file, entries) for file in never)
    assert cost(entries, wanted, files, never) <= len(wanted)
    for folder in {"/".join(file.split("/")[:at]) for file in files for at in range(1, file.count("/") + 1)}:
        merged = (*(entry for entry in entries if not covered(entry, [folder])), folder)
        if any(covered(entry, [folder]) for entry in entries):
            assert cost(entries, wanted, files, never) <= cost(merged, wanted, files, never)


@pytest.mark.parametrize(
    ("wanted", "others", "entries"),
    [
        ({"hosts/ocaml/a", "hosts/ocaml/b"}, set(), ("hosts/ocaml",)),
        ({"spec/only"}, set(), ("spec",)),
        ({"lib/a"}, {"lib/b"}, ("lib/a",)),
        ({"lib/a", "lib/b"}, {"lib/c"}, ("lib",)),
        ({"lib/tcl/a", "lib/tcl/b"}, {"lib/lua/a", "lib/lua/b", "lib/perl/a"}, ("lib/tcl",)),
        ({"Makefile", "README"}, set(), ("Makefile", "README")),
        (set(), {"a", "b/c"}, ()),
    ],
)
def test_covers_that_a_person_would_choose(
    wanted: set[str], others: set[str], entries: tuple[str, ...]
) -> None:
    """A folder if most of it is wanted, files elsewhere, and never the top folder."""
    assert cover(wanted, wanted | others) == entries


def test_groups_that_a_person_knows() -> None:
    """Libraries, compilers, opam, home, programs and git are groups. The kernel's files are left out."""
    read = {
        "/usr/lib/ocaml/stdlib.a",
        "/usr/include/stdio.h",
        "/usr/lib/x86_64-linux-gnu/libnone.so.6",
        "/home/u/.opam/5.1/bin/dune",
        "/home/u/.opam/5.1/lib/x",
        "/home/u/.config/tool",
        "/repo/.git/HEAD",
        "/usr/bin/no-such-tool",
        "/proc/self/maps",
        "/dev/null",
        "/tmp/shared",
        "/etc/none",
        "/srv/data/x",
    }
    found = grouped(read, {"/usr/bin/no-such-tool"}, {"HOME": "/home/u"}, Path("/repo/.git"))
    assert {group.kind: (group.files, group.names) for group in found} == {
        "compilers and languages": (2, ("/usr/include", "/usr/lib/ocaml")),
        "opam": (2, ("~/.opam/5.1",)),
        "git's own files": (1, (".git",)),
        "home": (1, ("~/.config",)),
        "programs": (1, ("no-such-tool",)),
        "settings of the system": (1, ("/etc/none",)),
        "system libraries": (1, ("libnone",)),
        "temporary files": (1, ("/tmp/shared",)),
        "elsewhere": (1, ("/srv/data",)),
    }
