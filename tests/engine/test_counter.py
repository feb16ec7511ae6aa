"""A real OCaml program counts its allocated words. The hunt file only needs a variable for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisector.predicate import Measured
from tests.git_history import Node, write_history

from .reading import lab

PROGRAM = """\
let rec grow n held = if n = 0 then held else grow (n - 1) (n :: held)
let () = print_int (List.length (grow {size} []) + Array.length (Array.make ({size} * 5) 0))
"""
HUNT = {
    "build__command": "ocamlopt count.ml -o count",
    "environment__set": {"OCAMLRUNPARAM": "v=0x400"},
}


@pytest.mark.parametrize(
    ("test", "options", "ratio"),
    [
        pytest.param("./count", {}, 2.0, id="one process"),
        pytest.param("OCAMLRUNPARAM= ./count; ./count; ./count", {"sum": True}, 2.0, id="the sum of two"),
    ],
)
def test_words_allocated(test: str, options: dict[str, object], ratio: float, tmp_path: Path) -> None:
    """The ratio is that of the allocated words, in small and large blocks, and is the same in every run."""
    slow, fast = ({"count.ml": PROGRAM.format(size=size)} for size in (200_000, 100_000))
    ids = write_history(tmp_path / "repo", [Node("fast", [], fast), Node("slow", ["fast"], slow)])
    with lab(tmp_path, test, predicate={"name": "counter", **options}, **HUNT) as found:
        judgements = [found.read(against=ids["fast"]).judgement for _ in range(3)]
    values = [judgement.value for judgement in judgements if isinstance(judgement, Measured)]
    assert len(values) == 3 and len(set(values)) == 1
    assert values[0] == pytest.approx(ratio, rel=0.01)
