"""docs/reference/commands.md, from the help texts of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperArgument, TyperGroup, TyperOption

from bisector.cli.app import app
from scripts.reference.tables import cell

_HEAD = """\
# Commands

<!-- Written by scripts/write_reference.py from the help texts in the code; do not edit. -->

`bisector COMMAND --help` prints the same. `python -m bisector` is the command `bisector`. What the exit
codes mean: [exit codes](exit-codes.md).
"""
_SHARED_HEADING = "Options that name a hunt"
_USUAL_CODES = "0 done, 2 usage or hunt file, 6 environment."
_VALUES = {str: "text", Path: "path", int: "number", float: "number"}


def commands_markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_page()]).rstrip("\n") + "\n"


def commands() -> dict[str, Any]:
    """Every command by its full name, such as `bisector demo make`."""
    return dict(_commands(typer.main.get_command(app), "bisector"))


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(command, TyperGroup):
        yield name, command
        return
    for word, inner in command.commands.items():
        yield from _commands(inner, f"{name} {word}")


def _page() -> Iterator[str]:
    shared: dict[str, list[TyperOption]] = {}
    for name, command in commands().items():
        yield f"## {name}\n"
        yield f"```text\n{usage(name, command)}\n```\n"
        parts = parts_of(command.help or "")
        yield from (f"{_prose(paragraph)}\n" for paragraph in parts.description)
        own = [parameter for parameter in command.params if not _panel(parameter)]
        if own:
            yield from _table(own)
        common = [parameter for parameter in command.params if _panel(parameter)]
        if common:
            yield f"And the [options that name a hunt](#{_SHARED_HEADING.lower().replace(' ', '-')}).\n"
            shared = {}
        for option in common:
            shared.setdefault(str(_panel(option)), []).append(option)
        yield f"```sh\n{parts.examples}\n```\n"
        yield f"Exit codes: {_prose(parts.exit_codes)}\n"
    yield f"## {_SHARED_HEADING}\n"
    yield "Each is a key of the [hunt file](hunt-file.md), and wins over what the file says.\n"
    for panel, options in shared.items():
        yield f"### {panel}\n"
        yield from _table(options)


def _panel(parameter: Any) -> str | None:
    panel: str | None = parameter.rich_help_panel
    return panel


def usage(name: str, command: Any) -> str:
    """The command with its arguments, those in brackets that can be left out."""
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    words = [str(p.name).upper() if p.required else f"[{str(p.name).upper()}]" for p in arguments]
    options = ["[OPTIONS]"] if any(isinstance(p, TyperOption) for p in command.params) else []
    return " ".join([name, *options, *words])


@dataclass(frozen=True)
class Parts:
    """The parts of a help text; `examples` are shell commands, one a line."""

    description: list[str]
    examples: str
    exit_codes: str


def parts_of(text: str) -> Parts:
    """Split a help text by the beginnings of its paragraphs."""
    description, examples, codes = [], "", _USUAL_CODES
    for paragraph in text.split("\n\n"):
        if re.match(r"Examples?:", paragraph):
            examples = _examples(paragraph)
        elif paragraph.startswith("Exit codes:"):
            codes = paragraph.removeprefix("Exit codes:").strip()
        else:
            description.append(paragraph)
    return Parts(description, examples, codes)


def _examples(paragraph: str) -> str:
    """The commands of a paragraph, one per line; the text before a command becomes its comment."""
    lines = []
    for before, command in re.findall(r"(.*?)\[bold\](.*?)\[/bold\]", paragraph, re.DOTALL):
        said = " ".join(re.sub(r"^Examples?:", "", before).split()).strip(",; ")
        lines += [f"# {said.removeprefix('or ')}"] if said not in ("", "or") else []
        lines.append(" ".join(command.split()))
    return "\n".join(lines)


def _prose(text: str) -> str:
    """A help text in Markdown, with rich's bold markup as code."""
    return re.sub(r"\[bold\](.*?)\[/bold\]", r"`\1`", text).strip()


def _table(parameters: list[Any]) -> Iterator[str]:
    yield "| Option | Value | Default | Meaning |"
    yield "|---|---|---|---|"
    for parameter in parameters:
        texts = [_named(parameter), value(parameter), _default(parameter), _prose(parameter.help or "")]
        yield f"| {' | '.join(map(cell, texts))} |"
    yield ""


def _named(parameter: Any) -> str:
    if isinstance(parameter, TyperArgument):
        return f"`{str(parameter.name).upper()}`"
    return ", ".join(f"`{option}`" for option in parameter.opts)


def value(parameter: Any) -> str:
    """What a parameter takes, in Markdown; '' for a flag."""
    if parameter.metavar:
        return f"`{parameter.metavar}`"
    if getattr(parameter, "is_flag", False):
        return ""
    annotation = parameter.type_descriptor.annotation
    kind = _VALUES[getattr(annotation, "__args__", (annotation,))[0]]
    return kind if parameter.min is None else f"{kind}, at least {parameter.min}"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "**required**"
    plain = parameter.default in (None, False, ())
    return "" if plain else f"`{parameter.default}`"
