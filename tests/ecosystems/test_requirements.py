"""Pins for pip: bumps, mixed files, and what pip itself makes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.ecosystems import Client, ClientFault, LockFileFault, NotWritten, bumps_between
from bisector.ecosystems.python.ecosystem import Python

from .served import served
from .wheels import sha256, simple_index, wheel

PYTHON = Python()
PATH = "requirements.txt"
WHEELS = {
    ("alpha", version): wheel("alpha", version) for version in ("1.0", "1.1", "1.2rc1", "1.10", "2.0")
} | {("beta", version): wheel("beta", version) for version in ("1.0", "1.5")}

BEFORE = b"""\
# the tools
--index-url https://example.org/simple
Alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via the project
beta[extra]==2.0 ; python_version < "4"  # for the server
gone==3
loose>=1
./local
"""
AFTER = b"""\
# the tools, changed
--index-url https://example.org/simple
added==0.1
alpha==1.1 \\
    --hash=sha256:cc
    # via the project
beta[extra]==2.1 ; python_version < "4"  # for the server
loose>=2
./local"""


def packages(content: bytes) -> dict[str, str]:
    """The requirements of a file, as another reader of it sees them."""
    joined = re.sub(r"\\\n", "", content.decode())
    lines = [re.sub(r"(^|\s)#.*|\s--hash.*", "", line).strip() for line in joined.splitlines()]
    found = [re.match(r"([\w-]+)(?:\[.*?\])?(?:==)?([^ ;]*)", line) for line in lines if line[:1].isalpha()]
    return {match[1].lower(): match[2] for match in found if match}


def test_bumps() -> None:
    """Pins, ranges, and packages that come or go, with their versions; comments and options are no bumps."""
    bumps = bumps_between({PATH: BEFORE}, {PATH: AFTER})
    assert [(bump.package, bump.old, bump.new) for bump in bumps] == [
        ("added", "", "0.1"),
        ("alpha", "1.0", "1.1"),
        ("beta", "2.0", "2.1"),
        ("gone", "3", ""),
        ("loose", ">=1", ">=2"),
    ]


def test_a_mix_changes_only_the_lines_of_what_moves() -> None:
    """Hashes and comments move with their package; every other byte stays."""
    mixed = PYTHON.mixed({PATH: BEFORE}, {PATH: AFTER}, ["alpha", "gone"])[PATH]
    old = b"Alpha==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    new = b"alpha==1.1 \\\n    --hash=sha256:cc\n"
    assert mixed == BEFORE.replace(old, new).replace(b"gone==3\n", b"")


PINS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["1", "2", "3"]), max_size=8)


def pinned(pins: dict[str, str], hashed: bool, last: str) -> bytes:
    tail = " \\\n    --hash=sha256:00" if hashed else ""
    text = "# pins\n" + "".join(f"{name}=={version}{tail}\n# {name}\n" for name, version in pins.items())
    return (text + last).encode()


@given(PINS, PINS, st.booleans(), st.sampled_from(["", "# end", "zz==1"]), st.data())
def test_any_mix_has_the_old_and_the_moved(
    old: dict[str, str], new: dict[str, str], hashed: bool, last: str, data: st.DataObject
) -> None:
    """Without moves the file is as before; with some, exactly these packages are those of the new file."""
    before, after = {PATH: pinned(old, hashed, last)}, {PATH: pinned(new, hashed, last)}
    names = [bump.package for bump in PYTHON.bumps(before, after)]
    assert PYTHON.mixed(before, after, []) == before
    moved = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    for some in (moved, {*names}):
        kept = {name: version for name, version in old.items() if name not in some}
        taken = {name: version for name, version in new.items() if name in some}
        mixed = PYTHON.mixed(before, after, some)
        assert packages(mixed[PATH]) == packages(pinned({**kept, **taken}, hashed, last))


def test_a_damaged_file_is_one_sentence() -> None:
    """The line is named."""
    with pytest.raises(LockFileFault, match=r"requirements.txt:2: 'b=1' is no requirement; correct it"):
        bumps_between({PATH: b"a==1\nb=1\n"}, {PATH: b"a==2\n"})


def test_what_is_no_bump_cannot_be_moved() -> None:
    """An unknown name is refused with the bumps that there are."""
    with pytest.raises(NotWritten, match="delta: not among the bumps, alpha"):
        PYTHON.mixed({PATH: b"alpha==1\n"}, {PATH: b"alpha==2\n"}, ["delta"])


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str]]:
    """A client whose pip is this Python's or, without one, that of the interpreter below; and an index."""
    for python in (sys.executable, getattr(sys, "_base_executable", "")):
        if python and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            break
    else:
        pytest.skip("no pip for this Python")
    folder = tmp_path_factory.mktemp("bin")
    (folder / "pip").write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@"\n')
    (folder / "pip").chmod(0o755)
    with served(simple_index(WHEELS)) as address:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        environment = {
            **kept,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"{address}/simple",
            "PIP_RETRIES": "0",
        }
        yield Client(environment), address


def test_releases_come_from_the_index_of_the_environment(pip: tuple[Client, str]) -> None:
    """In order of versions; pre-releases only between pre-releases; downwards for a step back."""
    ask, _ = pip
    assert PYTHON.releases("alpha", "1.0", "2.0", ask=ask) == ["1.1", "1.10", "2.0"]
    assert PYTHON.releases("alpha", "1.1", "1.2rc1", ask=ask) == ["1.2rc1"]
    assert PYTHON.releases("alpha", "2.0", "1.0", ask=ask) == ["1.10", "1.1", "1.0"]


def test_the_file_may_name_the_index(pip: tuple[Client, str]) -> None:
    """An index in the requirements file is asked."""
    ask, address = pip
    elsewhere = Client({**ask.environment, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"})
    files = {PATH: f"-i {address}/simple\nalpha==1.0\n".encode()}
    assert PYTHON.releases("alpha", "1.0", "1.10", ask=elsewhere, files=files) == ["1.1", "1.10"]


def test_no_index_is_one_sentence(pip: tuple[Client, str]) -> None:
    """What pip says is repeated, without a password in the address."""
    ask, _ = pip
    with pytest.raises(ClientFault, match="`pip index versions nothing .* failed: ERROR: No matching"):
        PYTHON.releases("nothing", "1", "2", ask=ask)
    with pytest.raises(NotWritten, match="alpha is added or removed: only releases between two"):
        PYTHON.releases("alpha", "", "1.0", ask=ask)
    with pytest.raises(ClientFault, match="there is no pip on PATH"):
        PYTHON.releases("alpha", "1.0", "2.0", ask=Client({"PATH": "/nowhere"}))


def test_a_release_between_is_installed_with_its_hash(pip: tuple[Client, str], tmp_path: Path) -> None:
    """pip accepts the file that `at` writes, where it checks every hash."""
    ask, _ = pip
    beta = sha256(WHEELS["beta", "1.0"])
    text = f"alpha==1.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n    # via me\n"
    files = {PATH: f"{text}beta==1.0 --hash={beta}\n".encode()}
    at = PYTHON.at(files, "alpha", "1.10", ask=ask)
    own = sha256(WHEELS["alpha", "1.10"])
    assert at == {PATH: f"alpha==1.10 \\\n    --hash={own}\n    # via me\nbeta==1.0 --hash={beta}\n".encode()}
    target = tmp_path / "installed"
    ask(["pip", "install", "--require-hashes", "--no-deps", "--target", str(target), "-r", PATH], at)
    assert (target / "alpha.py").read_text() == "VERSION = '1.10'\n"
    assert (target / "beta.py").read_text() == "VERSION = '1.0'\n"


def test_a_mix_is_installed_from_a_folder_of_wheels(pip: tuple[Client, str], tmp_path: Path) -> None:
    """pip installs the mixed file without any index."""
    ask, _ = pip
    for (name, version), content in WHEELS.items():
        (tmp_path / f"{name}-{version}-py3-none-any.whl").write_bytes(content)
    before, after = {PATH: b"alpha==1.0\nbeta==1.0"}, {PATH: b"alpha==2.0\nbeta==1.5"}
    mixed = PYTHON.mixed(before, after, ["beta"])
    target = tmp_path / "installed"
    source = ["--no-index", "--find-links", str(tmp_path)]
    ask(["pip", "install", *source, "--no-deps", "--target", str(target), "-r", PATH], mixed)
    assert (target / "alpha.py").read_text() == "VERSION = '1.0'\n"
    assert (target / "beta.py").read_text() == "VERSION = '1.5'\n"
