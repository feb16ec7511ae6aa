"""Which ecosystem a lock file belongs to, and the contract of those that ship."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bisector.ecosystems import (
    Client,
    ClientFault,
    LockFileFault,
    bumps_between,
    ecosystem_named,
    ecosystem_of,
    is_read,
)
from bisector.ecosystems.by_file import needing
from bisector.ecosystems.finding import shipped_ecosystems
from bisector.errors import EnvironmentFault


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("package-lock.json", "npm"),
        ("web/npm-shrinkwrap.json", "npm"),
        ("requirements.txt", "python"),
        ("requirements/dev.txt", "python"),
        ("dev-requirements.txt", "python"),
        ("a/uv.lock", "python"),
        ("poetry.lock", "python"),
        ("Cargo.lock", "cargo"),
        ("go.mod", "go"),
        ("pnpm-lock.yaml", "pnpm"),
        ("notes.txt", None),
        ("package.json", None),
    ],
)
def test_a_lock_file_is_known_by_its_name(path: str, name: str | None) -> None:
    """In any folder."""
    found = ecosystem_of(path)
    assert (found.name if found else None) == name
    assert found is None or is_read(path)


def test_manifests_are_read_too() -> None:
    """They must agree with the lock file."""
    assert [path for path in ("package.json", "a/Cargo.toml", "go.sum", "main.c") if is_read(path)] == [
        "package.json",
        "a/Cargo.toml",
        "go.sum",
    ]


@pytest.mark.parametrize("kind", [type(one) for one in shipped_ecosystems()])
def test_names(kind: type) -> None:
    """An ecosystem is found by its name, and has a description."""
    assert type(ecosystem_named(kind.name)) is kind  # type: ignore[attr-defined]
    assert kind.__doc__


def test_unknown_files_are_one_sentence() -> None:
    """The files and what is known are named."""
    with pytest.raises(LockFileFault, match=r"no lock file that bisector knows among a.lock; it knows Gemf"):
        bumps_between({"a.lock": b""}, {"a.lock": b"1"})


def test_all_ecosystems_of_a_commit() -> None:
    """A lock file that only one side has is left out."""
    before = {"b/go.mod": b"module m\nrequire x v1.0.0\n", "requirements.txt": b"a==1\n"}
    after = {"b/go.mod": b"module m\nrequire x v1.1.0\n", "requirements.txt": b"a==2\n", "uv.lock": b""}
    assert [(bump.path, bump.package) for bump in bumps_between(before, after)] == [
        ("b/go.mod", "x"),
        ("requirements.txt", "a"),
    ]


def test_a_missing_library_is_one_sentence() -> None:
    """The extra that has it is named."""
    with (
        pytest.raises(EnvironmentFault, match=r"reading x needs the Python package no_such; install it with"),
        needing("reading x"),
    ):
        import no_such  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.parametrize(
    ("library", "path"),
    [("nodesemver", "package-lock.json"), ("packaging", "requirements.txt"), ("tomlkit", "uv.lock")],
)
def test_each_library_is_optional(library: str, path: str) -> None:
    """Without it, its lock files cannot be read, and all others can."""
    script = (
        f"import sys\nsys.modules[{library!r}] = None\n"
        "from bisector.ecosystems import bumps_between\nfrom bisector.errors import EnvironmentFault\n"
        "mod = [{'go.mod': b'module m\\nrequire x v1.' + one} for one in (b'0.0', b'1.0')]\n"
        "print(*bumps_between(*mod))\n"
        f"try:\n    bumps_between({{{path!r}: b'1'}}, {{{path!r}: b'2'}})\n"
        "except EnvironmentFault as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    bump, told = done.stdout.splitlines()
    assert bump == "x v1.0.0 -> v1.1.0"
    assert told.startswith(f"reading {path} needs the Python package {library}")


def test_a_client_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its folder and what it started are gone, also if it does not end; its files come back."""
    told = tmp_path / "told"
    script = f"pwd >{told}; cat in; echo new >in; sleep 600 & echo $! >>{told}"
    client = Client({"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}, seconds=0.5)
    with pytest.raises(ClientFault, match=r"did not end within 0.5 s"):
        client(["sh", "-c", script], {"in": b"old\n"})
    folder, process = told.read_text().split()
    assert not Path(folder).exists()
    assert _ends(int(process))
    answer = client(["sh", "-c", "cat in; echo new >in"], {"in": b"old\n"})
    assert (answer.output, answer.files) == ("old\n", {"in": b"new\n"})


def _ends(process: int) -> bool:
    """Whether it is gone within 20 s; one that nobody waits for stays as a zombie in some containers."""
    deadline = time.monotonic() + 20
    with contextlib.suppress(psutil.NoSuchProcess):
        while psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            with contextlib.suppress(psutil.TimeoutExpired):
                psutil.Process(process).wait(0.1)
    return True


def test_a_client_keeps_passwords_to_itself() -> None:
    """An address in an error is shown without its credentials."""
    client = Client({"PATH": "/usr/bin:/bin"})
    with pytest.raises(ClientFault, match=r"failed: error: https://\*\*\*@example.org is down"):
        client(["sh", "-c", "echo error: https://me:secret@example.org is down >&2; exit 1"])
