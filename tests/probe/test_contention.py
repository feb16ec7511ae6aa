"""What else the machine was doing."""

from __future__ import annotations

from bisector.probe.contention import MachineState, contention_between, machine_state


def test_shares() -> None:
    """Counters become shares of the time between two states."""
    before, after = MachineState(10.0, 100, 1000), MachineState(11.5, 130, 1200)
    found = contention_between(before, after, wall=2.0, cpu=0.5, switches=7)
    assert (found.pressure, found.steal, found.cpu_share, found.involuntary_switches) == (0.75, 0.15, 0.25, 7)
    assert found.load is not None and found.load >= 0


def test_figures_the_machine_does_not_give() -> None:
    """A kernel without a counter gives no figure, not a wrong one."""
    nothing = MachineState(None, None, None)
    found = contention_between(nothing, nothing, wall=3.0, cpu=0.6, switches=None)
    assert (found.pressure, found.steal, found.involuntary_switches) == (None, None, None)


def test_no_time_between() -> None:
    """No time, no shares."""
    state = machine_state()
    found = contention_between(state, state, wall=0.0, cpu=0.0, switches=0)
    assert (found.pressure, found.steal, found.cpu_share) == (None, None, None)


def test_states_grow() -> None:
    """The real counters never run backwards."""
    before, after = machine_state(), machine_state()
    for first, second in zip((before.stalled, before.ticks), (after.stalled, after.ticks), strict=True):
        assert first is None or (second is not None and first <= second)
