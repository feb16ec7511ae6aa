"""Allocations of OCaml programs."""

from __future__ import annotations

import re

from .contract import Collector, CollectorOptions, Evidence, Side, Unavailable, counted

_VARIABLE = "OCAMLRUNPARAM"
_AT_EXIT = "v=0x400"
"""Makes the runtime print its statistics at exit (OCaml manual, "The runtime system")."""
_LINE = re.compile(
    r"^(allocated_words|(?:minor|promoted|major)_words|(?:minor|major)_collections|top_heap_words): *(\d+)"
)


class OcamlGc(Collector[CollectorOptions]):
    """Words that OCaml programs allocate, and garbage collections, as counted by the runtime.

    Sums over all OCaml programs that the test runs: allocated_words, minor_words, promoted_words,
    major_words, minor_collections, major_collections, top_heap_words.
    """

    name = "ocaml_gc"

    def collect(self, side: Side) -> Evidence:
        """Run the test with the runtime's statistics enabled."""
        already = side.environment.get(_VARIABLE)
        wanted = f"{already},{_AT_EXIT}" if already else _AT_EXIT
        run = side.run(environment={_VARIABLE: wanted}, patterns=(_LINE.pattern,))
        figures = counted(run.matches[_LINE.pattern], _LINE)
        if not figures:
            raise Unavailable("no OCaml program of the test printed runtime statistics")
        return Evidence(figures)
