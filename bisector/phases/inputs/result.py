"""What tracing found, in words: the proposal as it stands in a hunt file, what differs, what lies outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bisector.errors import ExitCode
from bisector.phases.inputs.outside import Group
from bisector.phases.inputs.proposal import Outputs, Proposal, Section
from bisector.phases.inputs.run import Finding
from bisector.phases.inputs.writing import Changes, written_list
from bisector.phases.result import Block, Bullets, Code, Paragraph, Result, Table
from bisector.report.findings import counted

PHASE = "inputs"
_FEW = 4
_MANY = 24
"""Names shown of a group: usually, and with `--verbose`."""


def changes_of(proposal: Proposal) -> Changes:
    """The lists of a hunt file by section and key; outputs stay where those declared are right."""
    changes: dict[tuple[str, str], Sequence[str]] = {
        (section.name, "inputs"): section.inputs for section in proposal.sections if section.inputs
    }
    outputs = proposal.outputs
    if outputs and outputs.proposed:
        right = outputs.declared and not outputs.never_read and not outputs.forgotten
        changes["build", "outputs"] = outputs.declared if right else outputs.proposed
    return changes


def inputs_result(
    found: Finding, *, verbose: bool = False, has_file: bool = True, written: str | None = None
) -> Result:
    """The result; `written` says what became of the hunt file, None where it was to be left alone.

    `has_file` tells whether there is one.
    """
    proposal = found.proposal
    title = _title(found)
    blocks: list[Block] = [
        Paragraph(f"{title}.", strong=True),
        Code(_yaml(proposal), "yaml"),
        Bullets(tuple(_remarks(found))),
        Paragraph(
            "Read outside of the repository: commits alike in their inputs are taken to be alike in this too."
        ),
        _outside(found.outside, verbose=verbose),
    ]
    if written is not None:
        blocks.append(Paragraph(written))
    elif has_file:
        differs = "Nothing is written yet; --write puts these lists into the hunt file."
        blocks.append(Paragraph(differs if _differs(proposal) else "The hunt file says so already."))
    forgets = proposal.forgets and written is None
    code = int(ExitCode.CHECK_FAILED if forgets else ExitCode.FIRST_BAD)
    return Result(PHASE, "", found.hunt, title, tuple(blocks), _data(found, written is not None), code)


def _title(found: Finding) -> str:
    commits = counted(found.commits, "commit")
    if not found.proposal.test.inputs:
        return f"{commits}; the test reads nothing of the repository, so no inputs can be proposed"
    proposed = f"{commits} → {counted(found.proposed, 'candidate')} with these inputs"
    if all(section.declared for section in found.proposal.sections):
        return f"{proposed}, {found.declared} as declared"
    return f"{proposed}, {found.declared} without"


def _yaml(proposal: Proposal) -> str:
    changes = changes_of(proposal)
    lines = []
    for name in dict.fromkeys(section for section, _ in changes):
        lines.append(f"{name}:")
        own = [(key, values) for (section, key), values in changes.items() if section == name]
        lines += [f"  {line}" for key, values in own for line in written_list(key, values)]
    return "\n".join(lines)


def _remarks(found: Finding) -> list[str]:
    proposal, traced = found.proposal, found.traced
    remarks = [f"traced at {traced.commit[:12]}; read by {_counts(proposal)}"]
    if traced.trouble:
        remarks.append(f"{traced.trouble}; what it would have read after that is missing here")
    if proposal.later:
        remarks.append(
            f"looked for and not there, but there at other commits of the range: {_some(proposal.later)}"
        )
    for section in proposal.sections:
        remarks += _differences(f"{section.name}.inputs", section)
    if proposal.outputs:
        remarks += _differences("build.outputs", proposal.outputs)
        if not proposal.outputs.proposed:
            remarks.append("the test opened nothing that the build left in the repository's folder")
    if traced.laid_over:
        remarks.append(f"the same at every commit, because the overlay brings it: {_some(traced.laid_over)}")
    if proposal.asks_git:
        remarks.append(
            "git itself is asked for something, perhaps the commit's name or date: what comes of that may "
            "differ between commits alike in their inputs"
        )
    if proposal.passing:
        remarks.append(
            "come or go in this range where only names were listed, so they are not counted as inputs: "
            f"{_some(proposal.passing)}"
        )
    return remarks


def _counts(proposal: Proposal) -> str:
    read = [f"the {section.name} {counted(len(section.read), 'file')}" for section in proposal.sections]
    return f"{' and '.join(read)} of the repository"


def _differences(key: str, of: Section | Outputs) -> list[str]:
    remarks = []
    if of.forgotten and of.declared:
        remarks.append(f"{key} forgets what was read: {_some(of.forgotten)}")
    if of.never_read:
        remarks.append(f"{key} declares what was never read: {_some(of.never_read)}")
    return remarks


def _some(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _outside(groups: Sequence[Group], *, verbose: bool) -> Table:
    most = _MANY if verbose else _FEW
    if verbose:
        rows = tuple((group.kind, f"{group.files:,}", _some(group.names, most)) for group in groups)
        return Table(("what", "files", "such as"), rows, frozenset({1}))
    return Table(("what", "such as"), tuple((group.kind, _some(group.names, most)) for group in groups))


def _differs(proposal: Proposal) -> bool:
    outputs = proposal.outputs
    declared: dict[tuple[str, str], Sequence[str]] = {
        (section.name, "inputs"): section.declared or () for section in proposal.sections
    }
    declared["build", "outputs"] = outputs.declared if outputs else ()
    return any(sorted(declared[key]) != sorted(values) for key, values in changes_of(proposal).items())


def _data(found: Finding, written: bool) -> dict[str, Any]:
    proposal, outputs = found.proposal, found.proposal.outputs
    sections: dict[str, Any] = {
        section.name: {
            "inputs": list(section.inputs),
            "declared": None if section.declared is None else list(section.declared),
            "forgotten": list(section.forgotten),
            "never_read": list(section.never_read),
            "read": sorted(section.read),
        }
        for section in proposal.sections
    }
    if outputs:
        sections["outputs"] = {
            "outputs": list(outputs.proposed),
            "declared": list(outputs.declared),
            "forgotten": list(outputs.forgotten),
            "never_read": list(outputs.never_read),
        }
    candidates = {"all": found.commits, "declared": found.declared, "proposed": found.proposed}
    outside = [
        {"kind": group.kind, "files": group.files, "names": list(group.names)} for group in found.outside
    ]
    return {
        "commit": found.traced.commit,
        "trouble": found.traced.trouble or None,
        "candidates": candidates,
        **sections,
        "looked_for": list(proposal.later),
        "asks_git": proposal.asks_git,
        "names_only": list(proposal.passing),
        "outside": outside,
        "written": written,
    }
