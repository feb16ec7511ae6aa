"""Harmless changes: the everyday commits that hide a regression."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files as resource_files

from bisector.demo.edits import Change, Edit, above

_OCAML = "hosts/ocaml"
_PRIMITIVE_ANCHOR = "  (* -- new primitives above this line -- *)"
_PRELUDE_ANCHOR = "; -- new functions above this line --"
_HELPER_ANCHOR = "; -- new helpers above this line --"
_NOTE_ANCHOR = "<!-- new notes above this line -->"

_REFACTORS = (
    Change(
        "printer: booleans in a function of their own",
        (
            Edit(
                f"{_OCAML}/lib/sx_printer.ml",
                "let rec write buffer = function\n",
                'let boolean b = if b then "true" else "false"\n\nlet rec write buffer = function\n',
            ),
            Edit(
                f"{_OCAML}/lib/sx_printer.ml",
                'Buffer.add_string buffer (if b then "true" else "false")',
                "Buffer.add_string buffer (boolean b)",
            ),
        ),
    ),
    Change(
        "parser: carriage return as an escape",
        (Edit(f"{_OCAML}/lib/sx_parser.ml", "| 't' -> '\\t'", "| 't' -> '\\t' | 'r' -> '\\r'"),),
    ),
    Change(
        "server: version 0.5",
        (Edit(f"{_OCAML}/bin/sx_server.ml", '"sx_server 0.4"', '"sx_server 0.5"'),),
    ),
    Change(
        "types: a larger table of symbols to begin with",
        (Edit(f"{_OCAML}/lib/sx_types.ml", "Hashtbl.create 512", "Hashtbl.create 1024"),),
    ),
    Change(
        "machine: another word for a call of what is no function",
        (Edit(f"{_OCAML}/lib/sx_machine.ml", '"not a function: "', '"call of what is no function: "'),),
    ),
    Change(
        "server: say which form was nested too deeply",
        (
            Edit(
                f"{_OCAML}/bin/sx_server.ml",
                '"the form is nested too deeply"',
                '(Printf.sprintf "the form of epoch %d is nested too deeply" epoch)',
            ),
        ),
    ),
)

_NOTES = (
    "how epochs are numbered",
    "what a guest may rely on in the prelude",
    "suspended frames may be resumed more than once",
    "how to add a primitive",
    "the protocol: markers count bytes, not characters",
    "why the JIT keeps a sentinel",
    "measuring with --stats",
    "how the loops share two cores",
)


@cache
def _blocks(name: str) -> tuple[str, ...]:
    """The blocks of a file of changes, separated by empty lines."""
    text = (resource_files("bisector.demo") / "changes" / name).read_text(encoding="utf-8")
    return tuple(text.rstrip("\n").split("\n\n"))


def _primitive(block: str) -> Change:
    found = re.search(r'add "(.*?)"', block)
    name = found.group(1) if found else block
    path = f"{_OCAML}/lib/sx_primitives.ml"
    return Change(f"primitives: {name}", (above(path, _PRIMITIVE_ANCHOR, block),))


def addition(n: int) -> Change:
    """The n-th harmless change of the substrate (n from 0); all differ and touch different text."""
    refactors = min(len(_REFACTORS), (n + 1) // 4)
    if n % 4 == 3 and n // 4 < len(_REFACTORS):
        return _REFACTORS[n // 4]
    n -= refactors
    blocks = _blocks("primitives.ml")
    if n < len(blocks):
        return _primitive(blocks[n])
    name = f"add-{n}"
    code = f'(P1 (function Int i -> Int (i + {n}) | v -> wrong "{name}" v))'
    return _primitive(f'  add "{name}" [ "int" ] {code};')


def function(n: int, guest: str) -> Change:
    """The n-th function added to a guest's runtime, or to the prelude if `guest` is empty."""
    blocks = _blocks("functions.sx")
    generation = n // len(blocks)
    prefix = (f"{guest}-" if guest else "") + (f"v{generation + 1}-" if generation else "")
    text = blocks[n % len(blocks)].replace("@", prefix)
    subject = f"{guest or 'spec'}: {text.split()[1]}"
    if guest:
        return Change(subject, (above(f"lib/{guest}/runtime.sx", _HELPER_ANCHOR, text + "\n"),))
    return Change(subject, (above("spec/prelude.sx", _PRELUDE_ANCHOR, text + "\n"),))


def note(n: int) -> Change:
    """The n-th addition to the notes."""
    about = _NOTES[n % len(_NOTES)]
    text = f"## {n + 1}. {about.capitalize()}\n\nTo be written down while it is fresh: {about}.\n"
    return Change(f"docs: {about}", (above("docs/notes.md", _NOTE_ANCHOR, text),))


def breakage(n: int) -> Change:
    """The n-th change that does not compile; `mend` removes its text again."""
    blocks = _blocks("broken.ml")
    return _primitive(blocks[n % len(blocks)])


def mend(broken: Change) -> Change:
    """The change that removes `broken`."""
    return Change(f"mend the build (after: {broken.subject})")
