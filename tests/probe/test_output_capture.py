"""Output is bounded in memory and on disk, and no marker in it is lost."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bisector.probe.output_capture import KEPT, LINE, LOGGED, MATCHES, OutputCapture


def captured(*chunks: bytes, patterns: tuple[str, ...] = (), log: Path | None = None) -> OutputCapture:
    with OutputCapture(patterns, log) as capture:
        for number, chunk in enumerate(chunks):
            capture.feed(chunk, float(number))
        capture.finish(float(len(chunks)))
    return capture


@given(st.lists(st.sampled_from([b"ok", b"\n", b" ", b"no", b"\r\n", b"\xff"])), st.data())
def test_chunks_do_not_matter(pieces: list[bytes], data: st.DataObject) -> None:
    """The same lines match, however the output is cut into chunks."""
    output = b"".join(pieces)
    cut = data.draw(st.integers(0, len(output)))
    expected = [line.removesuffix("\r") for line in output.decode(errors="replace").split("\n")]
    capture = captured(output[:cut], output[cut:], patterns=("ok",))
    assert [match.text for match in capture.matches["ok"]] == [line for line in expected if "ok" in line]
    assert capture.text == output.decode(errors="replace")


def test_head_and_tail_are_kept() -> None:
    """The two ends of long output are kept, with the number of omitted bytes between them."""
    capture = captured(b"a" * KEPT, b"b" * 3 * KEPT, b"c" * KEPT)
    assert capture.text == "a" * KEPT + f"\n[... {3 * KEPT} bytes omitted ...]\n" + "c" * KEPT


def test_nothing_is_left_out_up_to_the_bound() -> None:
    """Output of exactly the maximum size is kept unchanged."""
    assert captured(b"a" * KEPT, b"b" * KEPT).text == "a" * KEPT + "b" * KEPT


def test_log_holds_all_of_moderate_output(tmp_path: Path) -> None:
    """A log of the usual size is complete."""
    captured(b"a" * LOGGED, log=tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == b"a" * LOGGED


def test_log_of_a_flood_ends_with_the_tail(tmp_path: Path) -> None:
    """The log of too much output has its beginning and its end."""
    captured(b"a" * LOGGED, b"b" * KEPT, b"c" * KEPT, log=tmp_path / "log")
    note = b"\n[... %d bytes omitted ...]\n" % KEPT
    assert (tmp_path / "log").read_bytes() == b"a" * LOGGED + note + b"c" * KEPT


def test_log_just_over_the_bound_is_complete(tmp_path: Path) -> None:
    """If the kept tail reaches back to the logged part, nothing is missing."""
    captured(b"a" * LOGGED, b"b" * 10, log=tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == b"a" * LOGGED + b"b" * 10


def test_long_line_is_cut() -> None:
    """Patterns match the beginning of an extremely long line, and the complete next line."""
    capture = captured(
        b"start" + b"x" * LINE, b"y" * LINE + b"end\nnext\n", patterns=("start", "end", "^next$")
    )
    assert [len(capture.matches[pattern]) for pattern in ("start", "end", "^next$")] == [1, 0, 1]
    assert len(capture.matches["start"][0].text) == LINE


def test_many_matches_keep_first_and_last() -> None:
    """Above the maximum number, the first and the last matches are kept."""
    count = MATCHES + 10
    lines = b"".join(b"%d\n" % number for number in range(count))
    found = captured(lines, patterns=(r"^\d+$",)).matches[r"^\d+$"]
    assert len(found) <= MATCHES
    assert [match.text for match in found[:1000]] == [str(number) for number in range(1000)]
    assert [match.text for match in found[-1000:]] == [str(number) for number in range(count - 1000, count)]
