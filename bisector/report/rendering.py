"""The templates of the page: every text that they print is sanitised and escaped."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from bisector.report import findings
from bisector.report.safe_text import visible, visible_lines

_STYLES = {"+": "added", "-": "removed", "@": "hunk", " ": ""}
"""The style of a line of a patch, by its first character."""


@functools.cache
def template(name: str = "report.html.j2") -> Template:
    """A template, cached because the whole page takes a tenth of a second to compile."""
    return _environment().get_template(name)


def lines(text: str) -> Markup:
    """A text of several lines, as `visible_lines` shows it, for a `pre`."""
    return escape(visible_lines(text))


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bisector", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _part("report.css"), _part("report.js")
    environment.globals.update(style=Markup(style), script=Markup(script), policy=_policy(style, script))
    style, script = _part("targets.css"), _part("targets.js")
    environment.globals.update(
        targets_style=Markup(style), targets_script=Markup(script), targets_policy=_policy(style, script)
    )
    environment.filters.update(px=_px, percent=findings.percent, code=lines, kind=_kind_of)
    return environment


def _part(name: str) -> str:
    return (resources.files("bisector.report") / "templates" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """The page's Content-Security-Policy: only this style and this script, by their hashes."""
    ours = {"style-src": style, "script-src": script}
    hashes = {kind: base64.b64encode(hashlib.sha256(text.encode()).digest()) for kind, text in ours.items()}
    allowed = "; ".join(f"{kind} 'sha256-{digest.decode()}'" for kind, digest in hashes.items())
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def _finalize(value: object) -> object:
    """Sanitise every text that a template prints, so that no template can forget it."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _kind_of(line: str) -> str:
    """The style of a line of a patch."""
    return _STYLES.get(line[:1], "about")
