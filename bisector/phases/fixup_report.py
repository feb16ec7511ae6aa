"""What `bisector fixup` says."""

from __future__ import annotations

from collections.abc import Iterator

from bisector.hunt.failed_builds import fix_up
from bisector.hunt.session import Session
from bisector.hunt_file.flow import in_flow
from bisector.phases.fixup import Found
from bisector.phases.result import Block, Bullets, Code, Paragraph, Result
from bisector.report.failed_builds_words import title

_NO_GROUP, _NO_USE, _NOT_FOUND = 3, 1, 5


def nothing_to_fix(session: Session) -> Result:
    """The result for a hunt in which no commit fails to build."""
    told = "No commit that the hunt tested fails to build."
    hunt = session.ground.hunt.hunt
    return Result("fixup", session.key, hunt, told, (Paragraph(told),), {"fixed_by": None}, _NO_GROUP)


def fixed_result(session: Session, fixed: Found, written: str) -> Result:
    """The result for one group; `written` says what became of the hunt file, '' if that was not asked for."""
    group, subject = fixed.group, ""
    if fixed.commit:
        subject = session.ground.repository.infos([fixed.commit])[fixed.commit].subject
    data = {
        "error": group.error,
        "count": len(group.commits),
        "range": group.range or None,
        "fixed_by": fixed.commit or None,
        "why": fixed.why or None,
        "testable": list(fixed.testable),
        "untestable": dict(fixed.untestable),
        "add": _line(fixed) or None,
    }
    code = 0 if fixed.testable else _NO_USE if fixed.commit else _NOT_FOUND
    blocks = tuple(_blocks(fixed, subject, written))
    return Result("fixup", session.key, session.ground.hunt.hunt, title(group), blocks, data, code)


def _blocks(fixed: Found, subject: str, written: str) -> Iterator[Block]:
    yield Paragraph(title(fixed.group))
    if not fixed.commit:
        yield Paragraph(f"The fixing commit is not known: {fixed.why}.", strong=True)
        return
    count, whole = len(fixed.testable), len(fixed.group.commits)
    yield Paragraph(f"Fixed by {fixed.commit[:12]} {subject}".rstrip(), strong=True)
    yield Paragraph(f"{count} of {whole} build with its changes.")
    if fixed.untestable:
        yield Bullets(tuple(f"{commit[:12]}: {why}" for commit, why in fixed.untestable.items()))
    if written:
        yield Paragraph(written)
    elif line := _line(fixed):
        yield Paragraph("Add to the hunt file, or let `--write` do it:")
        yield Code(line, "yaml")


def _line(fixed: Found) -> str:
    """The line of a hunt file, if it makes any commit testable."""
    return f"overlay: {in_flow([fix_up(fixed.commit)])}" if fixed.testable else ""
