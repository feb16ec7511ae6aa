"""The page of a running hunt is written again and again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.events import HuntBegan, ReadingTaken, StepBegan
from bisector.hunt.known import Known
from bisector.probe.reading import Role
from bisector.probe.step import Step
from bisector.report.html import NO_CHANGE
from bisector.report.live import Running
from bisector.report.page_writer import LivePage, PageWriter
from tests.hunt.begun import Begun
from tests.probe.running import eventually


def test_the_page_follows_the_hunt(tmp_path: Path) -> None:
    """Each version has the readings so far and the step under way; the last one stays as it is."""
    hunt, file = Begun(tmp_path), tmp_path / "page.html"
    hunt.read(0, 8, role=Role.PREMISE)
    with hunt.ground.scratch.held(hunt.session.key):
        writer = PageWriter(hunt.session, file, "bisector run")
        assert writer.write([])
        assert "Nothing is being built or tested" in file.read_text()
        hunt.read(4)
        log = hunt.logs / f"{hunt.ids[6][:12]}-search-9.log"
        log.write_text("half way\n")
        assert writer.write([Running(hunt.ids[6], "testing", datetime.now(UTC) - timedelta(seconds=1))])
        text = file.read_text()
        assert "half way" in text and "reading-3" in text and "4 candidates left" in text
        assert writer.write()  # Another process would see the step in the log.
        assert "half way" in file.read_text()
    assert not writer.write()
    hunt.conclude(FirstBad(hunt.ids[5], 1.0, True))
    record = writer.write_last(lambda _record: NO_CHANGE)
    assert isinstance(record.conclusion, FirstBad)
    assert "data-refresh=" not in file.read_text() and "bisector run" in file.read_text()


def test_writing_again_is_cheap(tmp_path: Path) -> None:
    """Without a new reading, only the live part is rendered, and nothing waits for the disk."""
    hunt, file = Begun(tmp_path, length=60, bad_at=33), tmp_path / "page.html"
    hunt.read(0, 60, role=Role.PREMISE)
    hunt.read(*range(1, 50, 3))
    with hunt.ground.scratch.held(hunt.session.key):
        writer = PageWriter(hunt.session, file)
        times = []
        for _ in range(6):
            began = time.process_time()
            assert writer.write([])
            times.append(time.process_time() - began)
    assert min(times[1:]) < times[0] / 3


def test_a_thread_writes_the_page(tmp_path: Path) -> None:
    """The page appears after the hunt began, follows its events, and ends with the hunt."""
    hunt, file = Begun(tmp_path), tmp_path / "page.html"
    hunt.read(0, 8, role=Role.PREMISE)
    page = LivePage(hunt.session, file)
    page.write_first()
    assert "The hunt begins" in file.read_text()
    with hunt.ground.scratch.held(hunt.session.key):
        page(StepBegan(hunt.ids[4], Step.TESTING))
        page(HuntBegan(hunt.session.plan, Known(())))
        eventually(lambda: f"<strong>testing</strong> <code>{hunt.ids[4][:12]}" in file.read_text())
        page(ReadingTaken(hunt.read(4)[-1]))
        eventually(lambda: "reading-3" in file.read_text())
    page.stop()
    page.write_last()
    assert "data-refresh=" not in file.read_text()


def test_a_page_that_cannot_be_written_disturbs_nothing(tmp_path: Path) -> None:
    """The hunt goes on; the report at its end says what is wrong."""
    hunt = Begun(tmp_path)
    (tmp_path / "file").touch()
    page = LivePage(hunt.session, tmp_path / "file" / "page.html")
    page.write_first()
    page(HuntBegan(hunt.session.plan, Known(())))
    page.stop()
    page.write_last()
