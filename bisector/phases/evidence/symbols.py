"""Function names that match between two builds."""

from __future__ import annotations

import re

_OCAML = re.compile(r"(?:caml)?(?P<module>[A-Z]\w*?)(?P<joint>__|\.)(?P<rest>.+?)(?:_\d+)?(?:_code)?$")


def plain_name(symbol: str) -> str:
    """`symbol` demangled and without the number that OCaml's compiler adds.

    `camlSx_env__enter_280` (valgrind) and `Sx_env.enter_280` (perf) both become `Sx_env.enter`. Valgrind's
    mark of a recursive call (`'2`) is dropped too.
    """
    name = symbol.split("'", 1)[0]
    match = _OCAML.match(name)
    if match is None or not (name.startswith("caml") or match["joint"] == "."):
        return name
    return f"{match['module']}.{match['rest'].replace('__', '.')}"
