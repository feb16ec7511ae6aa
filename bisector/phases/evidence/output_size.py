"""The size of build outputs."""

from __future__ import annotations

from pathlib import Path

from .contract import Collector, CollectorOptions, Evidence, Side, Unavailable


class OutputSize(Collector[CollectorOptions]):
    """Bytes of the build's outputs: output_size in total, and `output_size.NAME` of each if there are
    several.
    """

    name = "output_size"

    def collect(self, side: Side) -> Evidence:
        """Measure the declared outputs."""
        if not side.outputs:
            raise Unavailable("the hunt file declares no outputs of the build; add build.outputs")
        sizes = {output.name: float(_size(output)) for output in side.outputs}
        each = {f"output_size.{name}": size for name, size in sizes.items()} if len(sizes) > 1 else {}
        return Evidence({"output_size": sum(sizes.values()), **each})


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
