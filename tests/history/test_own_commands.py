"""Our own git commands are counted, and can be paused."""

from __future__ import annotations

import threading

from bisector.history.own_commands import OwnCommands


def test_a_pause_waits_for_the_command_that_runs_and_holds_the_next() -> None:
    """So a watch that begins and ends in pauses sees whole commands only."""
    own = OwnCommands()
    goes_on, began = threading.Event(), threading.Event()
    ended: list[int] = []

    def run() -> None:
        with own.running():
            began.set()
            goes_on.wait(10)

    def pause() -> None:
        with own.paused() as count:
            ended.append(count)

    command, pausing = threading.Thread(target=run), threading.Thread(target=pause)
    command.start()
    assert began.wait(10)
    pausing.start()
    assert not ended
    goes_on.set()
    for thread in (command, pausing):
        thread.join(10)
    with own.running():
        pass
    with own.paused() as count:
        held = threading.Thread(target=run)
        held.start()
        held.join(0.05)
        assert held.is_alive()
    held.join(10)
    with own.paused() as after:
        assert (ended, count, after) == ([1], 2, 3)
