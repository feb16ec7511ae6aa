"""`python -m benchmarks.search`: the figures of the search core, as Markdown and JSON."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.search.cells import Bench, Cell
from benchmarks.search.histories import graphs
from benchmarks.search.reliability import svg
from benchmarks.search.rows import ROWS, stated_confidence

STORED = Path(__file__).resolve().parents[2].parent / "shared" / "search" / "dags"


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--trials", type=int, default=300, help="hunts a cell (fewer where a hunt is slow)")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row; may be repeated")
    parser.add_argument(
        "--graphs",
        type=Path,
        action="append",
        help="a folder of stored graphs or a repository; may be repeated (else ../shared/search/dags, else "
        "histories made up like git's own)",
    )
    parser.add_argument("--output", type=Path, help="folder for search.md and search.json")
    parser.add_argument("--plot", type=Path, help="only draw the reliability plot into this SVG file")
    return parser.parse_args()


def markdown(cells: list[Cell]) -> str:
    """The cells as a table, with correctness@probes if a cell has both."""
    lines = ["| row | case | reached | others | wanted |", "|---|---|---|---|---|"]
    for cell in cells:
        others = "; ".join(f"{name}: {figure}" for name, figure in cell.others.items())
        lines.append(f"| {cell.row} | {cell.case} | {cell.reached} | {others} | {cell.wanted} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print and store."""
    asked = arguments()
    sources = asked.graphs or ([STORED] if STORED.is_dir() else [])

    def progress(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    bench = Bench({} if asked.plot else graphs(sources), asked.trials)
    if asked.plot:
        asked.plot.write_text(svg(stated_confidence(bench).stated))
        return 0
    cells: list[Cell] = []
    for name in asked.row or ROWS:
        for cell in ROWS[name](bench):
            cells.append(cell)
            others = "; ".join(f"{name}: {figure}" for name, figure in cell.others.items())
            progress(f"{cell.row} | {cell.case} | {cell.reached} | {others} | wanted {cell.wanted}")
    if asked.output:
        asked.output.mkdir(parents=True, exist_ok=True)
        (asked.output / "search.md").write_text(markdown(cells))
        (asked.output / "search.json").write_text(
            json.dumps([asdict(cell) for cell in cells], indent=1) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
