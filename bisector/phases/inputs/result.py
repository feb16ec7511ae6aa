"""The result of tracing: the proposal as in a hunt file, the differences, and files outside."""

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
"""Names shown per group: by default, and with `--verbose`."""


def changes_of(proposal: Proposal) -> Changes:
    """The lists for the hunt file by section and key; correct outputs stay as declared."""
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
    """The result; `written` says what happened to the hunt file, None if it was not to be changed.

    `has_file` tells whether there is one.
    """
    proposal = found.proposal
    title = _title(found)
    blocks: list[Block] = [
        Paragraph(f"{title}.", strong=True),
        Code(_yaml(proposal), "yaml"),
        Bullets(tuple(_remarks(found))),
        Paragraph("Read outside the repository. These files are assumed to be the same for all commits."),
        _outside(found.outside, verbose=verbose),
    ]
    if written is not None:
        blocks.append(Paragraph(written))
    elif has_file:
        differs = "Nothing was written; use --write to put these lists into the hunt file."
        blocks.append(Paragraph(differs if _differs(proposal) else "The hunt file already has these lists."))
    forgets = proposal.forgets and written is None
    code = int(ExitCode.CHECK_FAILED if forgets else ExitCode.FIRST_BAD)
    return Result(PHASE, "", found.hunt, title, tuple(blocks), _data(found, written is not None), code)


def _title(found: Finding) -> str:
    commits = counted(found.commits, "commit")
    if not found.proposal.test.inputs:
        return f"{commits}; the test reads no file of the repository, so no inputs can be proposed"
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
        remarks.append(f"{traced.trouble}; files that it would have read after that are missing here")
    if proposal.later:
        remarks.append(
            f"looked up but missing here, and present in other commits of the range: {_some(proposal.later)}"
        )
    for section in proposal.sections:
        remarks += _differences(f"{section.name}.inputs", section)
    if proposal.outputs:
        remarks += _differences("build.outputs", proposal.outputs)
        if not proposal.outputs.proposed:
            remarks.append("the test opened no file that the build created in the repository")
    if traced.laid_over:
        remarks.append(f"the same at every commit because the overlay provides it: {_some(traced.laid_over)}")
    if proposal.asks_git:
        remarks.append(
            "build or test reads git's own files, perhaps for the commit's id or date: the result may "
            "differ between commits with the same inputs"
        )
    if proposal.passing:
        remarks.append(
            "added or deleted in this range, but only listed by name, so they do not count as inputs: "
            f"{_some(proposal.passing)}"
        )
    return remarks


def _counts(proposal: Proposal) -> str:
    read = [f"the {section.name} {counted(len(section.read), 'file')}" for section in proposal.sections]
    return f"{' and '.join(read)} of the repository"


def _differences(key: str, of: Section | Outputs) -> list[str]:
    remarks = []
    if of.forgotten and of.declared:
        remarks.append(f"{key} lacks files that were read: {_some(of.forgotten)}")
    if of.never_read:
        remarks.append(f"{key} declares files that were never read: {_some(of.never_read)}")
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
