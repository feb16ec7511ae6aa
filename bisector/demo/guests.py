"""The guests of the sample history: their suites, and their numbers of tests."""

from __future__ import annotations

SUITES: dict[str, tuple[str, ...]] = {
    "tcl": ("parse", "eval", "error", "namespace", "coro", "idiom"),
    "lua": ("core",),
    "erlang": ("eval", "process", "mailbox", "ring"),
    "prolog": ("unify", "lists", "search", "control"),
    "haskell": ("lazy", "classes", "io"),
}
"""Suites of each guest, in the order in which its script runs them."""

GUESTS = tuple(SUITES)

FIRST_TESTS = 64
"""Approximate number of tests of a guest in the first commit."""

LAST_TESTS = 140
"""Approximate number of tests of a guest in the last commit."""


def script(guest: str) -> str:
    """The path of a guest's test script."""
    return f"lib/{guest}/{'test' if guest in ('tcl', 'lua') else 'conformance'}.sh"
