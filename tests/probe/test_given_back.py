"""The store restores exactly what it took, and no change to restored files reaches the store."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bisector.probe.artefacts import ArtefactStore
from bisector.probe.output_files import CannotBeKept
from bisector.probe.stored import FORMAT


def described(folder: Path) -> dict[str, tuple[object, ...]]:
    """The contents of a folder: kind, mode, time, bytes or link target, and which names are one file."""
    found: dict[str, tuple[object, ...]] = {}
    inodes: dict[int, int] = {}
    for path in sorted(folder.rglob("*")):
        status, name = path.lstat(), str(path.relative_to(folder))
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        same = inodes.setdefault(status.st_ino, len(inodes))
        found[name] = (status.st_mode, status.st_mtime_ns, content, same if path.is_file() else 0)
    return found


def given_back(tmp_path: Path, make: Callable[[Path], None], outputs: tuple[str, ...] = ("b",)) -> Path:
    """What another slot gets of the output that `make` creates in a first one."""
    slot, other, store = tmp_path / "slot", tmp_path / "other", ArtefactStore(tmp_path / "store")
    (slot / "b").mkdir(parents=True)
    other.mkdir()
    make(slot / "b")
    assert store.restore("k", other, outputs) is None
    entry = store.keep("k", slot, outputs)
    assert store.restore("k", other, outputs) == entry
    return other


def test_a_script_that_names_its_slot_fits_no_other(tmp_path: Path) -> None:
    """A script with its slot's path would run another commit's files. A binary has it only for debuggers."""
    slot, other, store = tmp_path / "slot", tmp_path / "other", ArtefactStore(tmp_path / "store")
    (slot / "b").mkdir(parents=True)
    other.mkdir()
    (slot / "b/app").write_bytes(b"\x7fELF\0" + os.fsencode(slot / "app.c"))
    store.keep("k", slot, ["b"])
    assert store.restore("k", other, ["b"]) is not None
    (slot / "b/run").write_text(f"exec {slot}/b/app\n")
    store.keep("k", slot, ["b"])
    assert store.restore("k", other, ["b"]) is None
    assert store.restore("k", slot, ["b"]) is not None


def of_all_kinds(b: Path) -> None:
    """Every kind of file, folder and link that a build may create."""
    (b / "empty/deeper").mkdir(parents=True)
    (b / "closed").mkdir()
    (b / "closed/file").write_text("x")
    (b / os.fsdecode(b"no \xff utf-8")).write_bytes(b"\0\xff")
    (b / "run").write_text("#!/bin/sh\n")
    (b / "run").chmod(0o751)
    (b / "same bytes, other mode").write_text("#!/bin/sh\n")
    (b / "twin").hardlink_to(b / "run")
    (b / "dangling").symlink_to("nowhere/at/all")
    (b / "loop").symlink_to("loop")
    (b / "away").symlink_to("/usr")
    (b / "to a folder").symlink_to("empty")
    (b / "closed").chmod(0o555)
    (b / "empty").chmod(0o2750)
    os.utime(b / "run", ns=(10**18, 10**18 + 7))
    os.utime(b / "empty", ns=(10**18, 10**18 + 9))


def test_every_kind_comes_back(tmp_path: Path) -> None:
    """Folders, modes, times, links of every kind, hard links and names that are not UTF-8 are restored."""
    other = given_back(tmp_path, of_all_kinds)
    assert described(other) == described(tmp_path / "slot")


def test_a_sparse_file_stays_sparse(tmp_path: Path) -> None:
    """A file of 64 GiB with a few bytes of data takes little space and time."""

    def make(b: Path) -> None:
        with (b / "disk").open("wb") as file:
            file.seek(40 * 2**30)
            file.write(b"here")
            file.truncate(64 * 2**30)

    status = (given_back(tmp_path, make) / "b/disk").stat()
    assert status.st_size == 64 * 2**30 and status.st_blocks * 512 < 2**20
    with (tmp_path / "other/b/disk").open("rb") as file:
        file.seek(40 * 2**30)
        assert file.read(5) == b"here\0"


def test_where_holes_are_makes_no_difference_to_the_digest(tmp_path: Path) -> None:
    """The same bytes have the same digest, sparse or not. Other bytes have another digest."""
    digests = []
    for at, (write, size) in enumerate([(True, 3 * 2**20), (False, 3 * 2**20), (False, 3 * 2**20 + 1)]):
        slot = tmp_path / str(at)
        slot.mkdir()
        with (slot / "x").open("wb") as file:
            file.write(bytes(size) if write else b"")
            file.truncate(size)
        digests.append(ArtefactStore(tmp_path / "store").keep(str(at), slot, ["x"]).digest)
    assert digests[0] == digests[1] != digests[2]


def test_a_link_into_its_own_slot_leads_into_the_slot_that_gets_it(tmp_path: Path) -> None:
    """An absolute link never points from one slot into another, which may have another commit."""

    def make(b: Path) -> None:
        (b / "file").write_text("x")
        (b / "link").symlink_to(b / "file")

    assert (given_back(tmp_path, make) / "b/link").readlink() == tmp_path / "other/b/file"


def test_outputs_in_each_other_and_behind_a_link_come_back(tmp_path: Path) -> None:
    """Outputs inside other outputs, and outputs behind a link that the build created, are restored."""

    def make(b: Path) -> None:
        (b / "real/deep").mkdir(parents=True)
        (b / "real/deep/file").write_text("x")
        (b / "way").symlink_to("real")

    other = given_back(tmp_path, make, ("b/way/deep/file", "b", "b/real/deep", "b/way"))
    assert described(other) == described(tmp_path / "slot")


def fifo(path: Path) -> None:
    """A FIFO without a writer: opening it for reading would block forever."""
    os.mkfifo(path)


def sock(path: Path) -> None:
    """The socket of a server that is gone."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(("make", "kind"), [(fifo, "a FIFO"), (sock, "a socket")])
def test_what_cannot_be_kept_is_named(
    tmp_path: Path, make: Callable[[Path], None], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names the file and its kind, and nothing of the entry stays."""
    monkeypatch.chdir(tmp_path)  # The path of a socket has a limit.
    Path("b").mkdir()
    make(Path("b/it"))
    store = ArtefactStore(tmp_path / "store")
    with pytest.raises(CannotBeKept, match=f"the build creates b/it, {kind}"):
        store.keep("k", tmp_path, ["b"])
    assert not store.has("k")


def append(path: Path) -> None:
    """Append, as to a log."""
    with path.open("a") as file:
        file.write("more")


def map_and_write(path: Path) -> None:
    """Write through mmap, and restore the old time."""
    status = path.stat()
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[0:1] = b"#"
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def truncate(path: Path) -> None:
    """Truncate to no bytes."""
    os.truncate(path, 0)


def forbid(path: Path) -> None:
    """Remove all permissions."""
    path.chmod(0)


def replace(path: Path) -> None:
    """Replace by a new file of the same name."""
    path.unlink()
    path.write_text("other")


@pytest.mark.parametrize("harm", [append, map_and_write, truncate, forbid, replace, Path.unlink])
def test_what_a_test_does_to_a_restored_file_stays_there(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """This entry, other entries with the same bytes, and slots restored before stay unchanged."""
    slot, store = tmp_path / "slot", ArtefactStore(tmp_path / "store")
    slot.mkdir()
    (slot / "x").write_text("good")
    for key in ("one", "two"):
        store.keep(key, slot, ["x"])
    harm(slot / "x")
    first, second = tmp_path / "first", tmp_path / "second"
    for place, key in ((first, "one"), (second, "two")):
        place.mkdir()
        assert store.restore(key, place, ["x"])
    harm(first / "x")
    assert (second / "x").read_text() == "good"
    for key in ("one", "two"):
        assert store.restore(key, first, ["x"])
        assert (first / "x").read_text() == "good"
        assert stat.S_IMODE((first / "x").stat().st_mode) == stat.S_IMODE((second / "x").stat().st_mode)


def entry_of(store: ArtefactStore) -> Path:
    """The file of the only entry."""
    return next((store.root / "entries").iterdir())


def cut(entry: Path) -> None:
    """Half of the file, as after a crash."""
    entry.write_bytes(entry.read_bytes()[: entry.stat().st_size // 2])


def of_another_version(entry: Path) -> None:
    """An entry as a future version of bisector may write it."""
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "format": FORMAT + 1}))


def of_an_old_version(entry: Path) -> None:
    """An entry as bisector wrote it before entries had a version."""
    file = {"path": "x", "mode": 420, "size": 4, "digest": "0" * 64, "link": "", "time": 0}
    entry.write_text(json.dumps({"outputs": ["x"], "digest": "0", "files": [file]}))


def led_out(entry: Path) -> None:
    """An entry with a path outside any slot."""
    content = json.loads(entry.read_text())
    content["files"][0]["path"] = "../x"
    entry.write_text(json.dumps(content))


def no_object(entry: Path) -> None:
    """JSON, but not an entry."""
    entry.write_text('["x"]')


@pytest.mark.parametrize("harm", [cut, of_another_version, of_an_old_version, led_out, no_object, truncate])
def test_an_entry_that_is_not_as_it_was_written_is_made_anew(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """A damaged entry is not used and is removed, and the next one in its place is used."""
    slot, store = tmp_path / "slot", ArtefactStore(tmp_path / "store")
    slot.mkdir()
    (slot / "x").write_text("good")
    store.keep("k", slot, ["x"])
    harm(entry_of(store))
    assert store.restore("k", slot, ["x"]) is None and not store.has("k")
    entry = store.keep("k", slot, ["x"])
    assert store.restore("k", slot, ["x"]) == entry


def test_bytes_changed_in_the_store_with_their_time_set_back_are_found_out(tmp_path: Path) -> None:
    """A damaged object may have the right size and time. It is not used, and is built again."""
    slot, store = tmp_path / "slot", ArtefactStore(tmp_path / "store")
    slot.mkdir()
    (slot / "x").write_text("good")
    store.keep("k", slot, ["x"])
    map_and_write(next((store.root / "objects").iterdir()))
    assert store.restore("k", slot, ["x"]) is None
    store.keep("k", slot, ["x"])
    assert store.restore("k", slot, ["x"])
    assert (slot / "x").read_text() == "good"


def test_a_store_that_was_copied_is_used(tmp_path: Path) -> None:
    """A restored CI cache has other inodes and the same bytes."""
    slot, store = tmp_path / "slot", ArtefactStore(tmp_path / "store")
    slot.mkdir()
    (slot / "x").write_text("good")
    entry = store.keep("k", slot, ["x"])
    shutil.copytree(store.root, tmp_path / "copy")
    assert ArtefactStore(tmp_path / "copy").restore("k", slot, ["x"]) == entry


def test_what_its_owner_may_not_read_comes_back_too(tmp_path: Path) -> None:
    """Without root too, files and folders that nobody may open are restored with the same modes."""

    def make(b: Path) -> None:
        (b / "shut").mkdir()
        (b / "shut/file").write_text("x")
        (b / "shut/file").chmod(0)
        (b / "shut").chmod(0o200)

    other = given_back(tmp_path, make)
    for place in (tmp_path / "slot", other):
        assert stat.S_IMODE((place / "b/shut").stat().st_mode) == 0o200
        (place / "b/shut").chmod(0o700)
        assert stat.S_IMODE((place / "b/shut/file").stat().st_mode) == 0
    assert ArtefactStore(tmp_path / "store").restore("k", other, ["b"])
