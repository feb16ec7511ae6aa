"""The manual pages man/*.1, from the help texts of the command line, in the macros of man(7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import typer.main
from typer.core import TyperArgument

from bisector.cli.app import app
from scripts.reference.commands import Parts, commands, parts_of, usage, value

_ABOUT = """\
bisector finds the commit that made a program fail, slower or larger, even on a busy machine. It reads the
commits of a git repository in scratch folders of its own, and never touches the checkout. A hunt is described
by options or by a hunt file, and can be interrupted at any time: the same command continues it."""
_FILES = (
    ("hunt.yaml", "The hunt file that is used if none is named, in the current folder or above."),
    ("~/.cache/bisector", "Worktrees, built artefacts, reports, and the journal with all readings."),
)
_CODES = (
    (0, "The first bad commit was found and confirmed."),
    (2, "The command line or the hunt file is wrong."),
    (3, "There is no regression."),
    (4, "Only commits that cannot be tested are left."),
    (5, "Inconclusive, or not confirmed."),
    (6, "The machine lacks something."),
    (7, "Good is bad, or bad is good."),
    (130, "Interrupted."),
)


def man_pages() -> dict[str, str]:
    """Every page by the name of its file."""
    pages = {file_of(name): _page(name, command) for name, command in commands().items()}
    return {"bisector.1": _first_page(), **pages}


def file_of(name: str) -> str:
    """The file of a command's page: `bisector demo make` is in bisector-demo-make.1."""
    return f"{name.replace(' ', '-')}.1"


def _first_page() -> str:
    top: Any = typer.main.get_command(app)
    lines = [*_head("bisector", str(top.help).strip()), ".SH SYNOPSIS"]
    lines += [r"\fBbisector\fR \fICOMMAND\fR [OPTIONS]", ".br", r"\fBbisector\fR \-\-help | \-\-version"]
    lines += [".SH DESCRIPTION", _text(_ABOUT)]
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, command in commands().items():
        group: Any = top.commands[name.split()[1]]
        panels.setdefault(str(command.rich_help_panel or group.rich_help_panel), []).append((name, command))
    lines.append(".SH COMMANDS")
    for panel, some in panels.items():
        lines.append(f".SS {_text(panel)}")
        for name, command in some:
            lines += [".TP", f".BR {_page_name(name)} (1)", _text(_summary(command.help))]
    lines.append(".SH EXIT STATUS")
    for code, meaning in _CODES:
        lines += [".TP", f".B {code}", _text(meaning)]
    lines.append(".SH FILES")
    for file, meaning in _FILES:
        lines += [".TP", f".I {_text(file)}", _text(meaning)]
    return "\n".join([*lines, ".SH SEE ALSO", r".BR git\-bisect (1)", ""])


def _page(name: str, command: Any) -> str:
    parts = parts_of(command.help or "")
    lines = [*_head(name.replace(" ", "-"), _summary(command.help)), ".SH SYNOPSIS"]
    lines += [rf"\fB{_text(name)}\fR {_text(usage(name, command).removeprefix(name))}", ".SH DESCRIPTION"]
    for at, paragraph in enumerate(parts.description):
        lines += [".PP"] * (at > 0) + [_rich(paragraph)]
    lines += [*_options(command.params), *_last(name, parts)]
    return "\n".join(lines) + "\n"


def _head(name: str, summary: str) -> list[str]:
    return [
        r".\" Written by scripts/write_reference.py from the help texts in the code; do not edit.",
        f'.TH {_text(name.upper())} 1 "" "bisector" "Manual of bisector"',
        ".SH NAME",
        rf"{_text(name)} \- {_text(summary.rstrip('.'))}",
    ]


def _options(parameters: Sequence[Any]) -> Iterator[str]:
    panel = None
    if parameters:
        yield ".SH OPTIONS"
    for parameter in sorted(parameters, key=lambda one: bool(one.rich_help_panel)):
        if parameter.rich_help_panel != panel:
            panel = parameter.rich_help_panel
            yield f".SS {_text(str(panel))}"
        yield ".TP"
        if isinstance(parameter, TyperArgument):
            yield rf"\fI{_text(parameter.metavar or str(parameter.name).upper())}\fR"
        else:
            names = ", ".join(rf"\fB{_text(option)}\fR" for option in parameter.opts)
            kind = value(parameter).strip("`")
            yield names + (rf" \fI{_text(kind)}\fR" if kind else "")
        yield _rich(parameter.help or "")


def _last(name: str, parts: Parts) -> Iterator[str]:
    yield ".SH EXIT STATUS"
    yield _rich(parts.exit_codes)
    yield ".SH EXAMPLES"
    yield ".nf"
    yield from (_text(line) for line in parts.examples.splitlines())
    yield ".fi"
    yield ".SH SEE ALSO"
    yield r".BR bisector (1)"


def _summary(text: str | None) -> str:
    """The first sentence of a help text."""
    first = " ".join((text or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", first)[0]


def _page_name(name: str) -> str:
    return _text(file_of(name).removesuffix(".1"))


def _rich(text: str) -> str:
    """A help text with rich's markup in bold; a backslash protects a bracket there."""
    parts = re.split(r"\[bold\](.*?)\[/bold\]", text.replace("\\[", "["), flags=re.DOTALL)
    return _guarded("".join(rf"\fB{_inline(p)}\fR" if at % 2 else _inline(p) for at, p in enumerate(parts)))


def _text(text: str) -> str:
    """Plain text for troff."""
    return _guarded(_inline(text))


def _inline(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("^", r"\(ha")
    return escaped.replace("~", r"\(ti").replace("`", r"\(ga").replace('"', r"\(dq")


def _guarded(text: str) -> str:
    """Lines of one paragraph; none begins like a request."""
    lines = [" ".join(line.split()) for line in text.strip().splitlines()]
    return "\n".join(rf"\&{line}" if line.startswith(".") else line for line in lines if line)
