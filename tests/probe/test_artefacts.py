"""Build outputs are stored and restored complete."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bisector.errors import InfrastructureFault
from bisector.probe.artefacts import ArtefactStore


def test_outputs_come_back_with_their_modes(tmp_path: Path) -> None:
    """Files and folders are restored with the same bytes and modes, and replace what is there."""
    slot, other = tmp_path / "a", tmp_path / "b"
    (slot / "out/sub").mkdir(parents=True)
    (slot / "out/sub/x").write_text("x")
    (slot / "exe").write_text("#!/bin/sh\n")
    (slot / "exe").chmod(0o555)
    store = ArtefactStore(tmp_path / "store")
    digest = store.keep("k", slot, ["out", "exe"])
    (other / "out").mkdir(parents=True)
    (other / "out/stale").write_text("old")
    assert store.restore("k", other, ["out", "exe"]) == digest
    assert (other / "out/sub/x").read_text() == "x"
    assert not (other / "out/stale").exists()
    assert (other / "exe").stat().st_mode & 0o777 == 0o555


def test_another_key_or_list_of_outputs_is_not_found(tmp_path: Path) -> None:
    """Only the same key and the same outputs are restored."""
    (tmp_path / "x").write_text("1")
    store = ArtefactStore(tmp_path / "store")
    store.keep("k", tmp_path, ["x"])
    assert store.restore("other", tmp_path, ["x"]) is None
    assert store.restore("k", tmp_path, ["x", "y"]) is None


def test_a_half_written_entry_is_never_used(tmp_path: Path) -> None:
    """Temporary files of a killed writer are ignored."""
    (tmp_path / "store/.half-abc").mkdir(parents=True)
    (tmp_path / "store/k").mkdir()
    assert ArtefactStore(tmp_path / "store").restore("k", tmp_path, ["x"]) is None


def test_a_store_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    """A disk that fails gives no verdict."""
    (tmp_path / "x").write_text("1")
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(InfrastructureFault, match="choose another `scratch`"):
        ArtefactStore(tmp_path / "store").keep("k", tmp_path, ["x"])


def built(slot: Path, content: str) -> Path:
    """A slot whose output `x` contains `content`."""
    slot.mkdir(exist_ok=True)
    (slot / "x").unlink(missing_ok=True)
    (slot / "x").write_text(content)
    return slot


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    """The store keeps its limit and the newest entry, and an entry restored recently stays longer."""
    store, slot = ArtefactStore(tmp_path / "store", limit=2500), tmp_path / "slot"
    for key in ("a", "b"):
        store.keep(key, built(slot, key * 1000), ["x"])
    assert store.restore("a", slot, ["x"])
    store.keep("c", built(slot, "c" * 1000), ["x"])
    assert [key for key in "abc" if store.has(key)] == ["a", "c"]
    assert sum(path.stat().st_size for path in (tmp_path / "store/objects").iterdir()) <= 2500
    store.keep("d", built(slot, "d" * 9000), ["x"])
    assert [key for key in "abcd" if store.has(key)] == ["d"]


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    """Two keys share one object and one digest, and both can be restored."""
    store = ArtefactStore(tmp_path / "store")
    digests = {store.keep(key, built(tmp_path / "slot", "same"), ["x"]).digest for key in ("a", "b")}
    assert len(digests) == len(list((tmp_path / "store/objects").iterdir())) == 1
    restored = [store.restore(key, tmp_path / "slot", ["x"]) for key in ("a", "b")]
    assert {entry.digest for entry in restored if entry} == digests


def test_who_writes_into_what_came_from_the_store_spoils_nothing(tmp_path: Path) -> None:
    """A restored file may share its bytes with the store. If it is changed, the entry is not used again."""
    store, slot = ArtefactStore(tmp_path / "store"), tmp_path / "slot"
    store.keep("a", built(slot, "good"), ["x"])
    assert store.restore("a", slot, ["x"])
    with (slot / "x").open("r+") as file:
        file.write("evil")
    other = tmp_path / "other"
    other.mkdir()
    restored = store.restore("a", other, ["x"])
    assert restored is None or (other / "x").read_text() == "good"


def test_an_entry_without_its_bytes_is_not_used(tmp_path: Path) -> None:
    """An entry whose bytes are lost or truncated is built again."""
    store, slot = ArtefactStore(tmp_path / "store"), tmp_path / "slot"
    store.keep("a", built(slot, "good"), ["x"])
    next((tmp_path / "store/objects").iterdir()).write_text("go")
    assert store.restore("a", slot, ["x"]) is None
    assert not store.has("a")


def test_many_at_once_keep_and_take_while_others_are_thrown_out(tmp_path: Path) -> None:
    """Every restored output is complete and has the bytes of its key."""
    store = ArtefactStore(tmp_path / "store", limit=4000)

    def work(number: int) -> int:
        slot, taken = tmp_path / f"slot{number}", 0
        for at in range(25):
            key = str((number + at) % 7)
            store.keep(key, built(slot, key * 1000), ["x"])
            other = str((number * 3 + at) % 7)
            if store.restore(other, slot, ["x"]):
                assert (slot / "x").read_text() == other * 1000
                taken += 1
        return taken

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) > 0


def test_one_builds_while_others_wait(tmp_path: Path) -> None:
    """Only one builder may build a key, in this process too, and the others can stop waiting."""
    store = ArtefactStore(tmp_path / "store")
    waited = []

    def wait() -> None:
        waited.append(1)
        raise LookupError

    with store.building("k", wait):
        with pytest.raises(LookupError), store.building("k", wait):
            raise AssertionError("two build the same")
        with store.building("another", wait):
            pass
    with store.building("k", wait):
        pass
    assert waited == [1]
