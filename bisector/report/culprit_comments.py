"""Comments in Markdown, one for each confirmed first bad commit, for the change that brought it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord
from bisector.hunt.targets.record import Answer, TargetsRecord
from bisector.report import targets_findings
from bisector.report.atomic_write import atomic_write
from bisector.report.findings import counted
from bisector.report.markdown import chat_report
from bisector.report.safe_text import markdown

_NAMED = 50
"""Targets that one comment names."""


def write_comments(comments: Mapping[str, str], folder: Path) -> None:
    """Write each comment to `folder/COMMIT.md`; raises `EnvironmentFault` if one cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(f"cannot make the folder {folder}: {error.strerror}; name another") from error
    for commit, text in comments.items():
        atomic_write(folder / f"{commit}.md", text.encode())


def comments_of(record: HuntRecord) -> dict[str, str]:
    """The comment on the first bad commit, by its full id; empty without a confirmed one."""
    found = record.conclusion
    if not isinstance(found, FirstBad) or not found.confirmed or record.terms.better:
        return {}
    return {found.commit: f"{chat_report(record)}\n\n{_mark(found.commit)}\n"}


def comments_of_targets(record: TargetsRecord) -> dict[str, str]:
    """The comment on each confirmed first bad commit, by its full id."""
    return {
        str(one.first_bad): _comment(record, one, str(one.first_bad))
        for one in targets_findings.culprits(record)
    }


def _comment(record: TargetsRecord, answer: Answer, commit: str) -> str:
    number, info = len(answer.targets), record.commits.get(commit)
    subject = f" ({markdown(info.subject)})" if info else ""
    noun = targets_findings.noun(record)
    names = [f"- {markdown(targets_findings.label(one))}" for one in answer.targets[:_NAMED]]
    if number > _NAMED:
        names.append(f"- and {number - _NAMED} more")
    ends = f"good `{record.good.short}` and bad `{record.bad.short}`"
    return "\n\n".join(
        (
            f"**Since `{commit[:12]}`{subject}, {counted(number, noun)} {_verb(record, number)}.**",
            "\n".join(names),
            f"Confirmed: tested again, this commit is bad and its parents are good. bisector hunted "
            f"{counted(len(record.targets), noun)} between {ends}.",
            _mark(commit) + "\n",
        )
    )


def _verb(record: TargetsRecord, number: int) -> str:
    if record.predicate == "tests":
        return "fails" if number == 1 else "fail"
    verb = "is" if number == 1 else "are"
    return f"{verb} {'slower' if record.predicate == 'benchmark' else 'bad'}"


def _mark(commit: str) -> str:
    """What tells that a change has this comment already; it does not show."""
    return f"<!-- bisector:{commit} -->"
