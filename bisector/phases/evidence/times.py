"""Time and memory of the test."""

from __future__ import annotations

from .contract import Collector, CollectorOptions, Evidence, Side


class Times(Collector[CollectorOptions]):
    """user_time, system_time, wall_time and peak_memory of the test's whole process tree."""

    name = "times"

    def collect(self, side: Side) -> Evidence:
        """Run the test."""
        run = side.run()
        figures = {"user_time": run.user, "system_time": run.system, "wall_time": run.wall}
        if run.peak_memory is not None:
            figures["peak_memory"] = run.peak_memory
        return Evidence(figures, exact=False)
