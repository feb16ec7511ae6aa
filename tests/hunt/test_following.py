"""A hunt is followed through its journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.errors import HistoryError
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.following import Follower
from bisector.hunt.ground import opened
from bisector.probe.reading import Role
from tests.hunt.begun import Begun


def test_a_look_has_what_was_added(tmp_path: Path) -> None:
    """Each look has the readings so far, and the belief narrows; without a change there is nothing to see."""
    hunt = Begun(tmp_path)
    follower = Follower(hunt.session)
    first = follower.look()
    assert first is not None and not first.record.readings and first.outlook is None
    assert follower.look() is None
    hunt.read(0, 8, role=Role.PREMISE)
    premise = follower.look()
    assert premise is not None and len(premise.record.readings) == 2 and premise.outlook is None
    hunt.read(4)
    search = follower.look()
    assert search is not None and search.outlook is not None
    assert search.outlook.candidates_left == len(search.record.posterior) == 4
    assert search.outlook.seconds_left > 0
    hunt.read(6)
    assert (later := follower.look()) is not None and len(later.record.posterior) == 2
    hunt.read(5)
    found = follower.look()
    assert found is not None and found.outlook is not None and found.outlook.candidates_left == 1
    hunt.read(5, role=Role.CONFIRMATION)
    assert (confirming := follower.look()) is not None and confirming.outlook is None


def test_a_look_tells_whether_the_hunt_runs(tmp_path: Path) -> None:
    """The hunt runs as long as a process holds its lock; the end alone is something to see."""
    hunt = Begun(tmp_path)
    follower = Follower(hunt.session)
    with hunt.ground.scratch.held(hunt.session.key):
        running = follower.look()
        assert running is not None and running.is_running
    stopped = follower.look()
    assert stopped is not None and not stopped.is_running
    hunt.conclude(FirstBad(hunt.ids[5], 1.0, True))
    over = follower.look()
    assert over is not None and isinstance(over.record.conclusion, FirstBad) and over.outlook is None


def test_records_of_a_follower_are_those_of_a_report(tmp_path: Path) -> None:
    """What a follower keeps between two looks changes nothing."""
    hunt = Begun(tmp_path)
    follower = Follower(hunt.session)
    for commits, role in (((0, 8), Role.PREMISE), ((4,), Role.SEARCH), ((6, 5), Role.SEARCH)):
        hunt.read(*commits, role=role)
        look = follower.look()
        with opened(hunt.ground.scratch) as journal:
            record = hunt.session.record(journal)
        assert look is not None
        assert look.record.posterior == record.posterior
        assert look.record.commits == record.commits


def test_a_hunt_that_never_began_cannot_be_followed(tmp_path: Path) -> None:
    """The error names the hunt and the command."""
    hunt = Begun(tmp_path)
    with opened(hunt.ground.scratch) as journal:
        journal.forget(hunt.row.id)
    with pytest.raises(HistoryError, match="hunt 'begun' has not begun; start it with `bisector run`"):
        Follower(hunt.session)
