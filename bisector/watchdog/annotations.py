"""Formats findings as annotations of a change for forges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bisector import __version__
from bisector.report.safe_text import visible_lines


@dataclass(frozen=True, slots=True)
class Finding:
    """A message about a line of a file; `weighs` if somebody should act.

    The message may quote the history, so every format escapes it.
    """

    file: str
    line: int
    rule: str
    message: str
    weighs: bool


def workflow_commands(findings: Iterable[Finding]) -> str:
    """Annotations of GitHub Actions, also for Gitea and Forgejo: `::warning file=...::message`."""
    return "".join(
        f"::{'warning' if one.weighs else 'notice'} file={_property(one.file)},line={one.line},"
        f"title={_property(f'deadline {one.rule}')}::{_data(one.message)}\n"
        for one in findings
    )


def code_quality(findings: Sequence[Finding]) -> str:
    """GitLab's code quality report (the subset of Code Climate that GitLab reads)."""
    return _json([_issue(one, at) for at, one in enumerate(findings)])


def sarif(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0 (OASIS), one run."""
    rules = sorted({one.rule for one in findings})
    driver = {
        "name": "bisector",
        "version": __version__,
        "rules": [
            {"id": f"deadline-{rule}", "shortDescription": {"text": f"A deadline was {rule}."}}
            for rule in rules
        ],
    }
    run = {"tool": {"driver": driver}, "results": [_result(one) for one in findings]}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _data(text: str) -> str:
    return visible_lines(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _issue(finding: Finding, at: int) -> dict[str, Any]:
    # Without the line, so that changes above a finding do not change its fingerprint.
    seen = f"{finding.file}\0{finding.rule}\0{finding.message}\0{at}"
    return {
        "description": visible_lines(finding.message),
        "check_name": f"deadline-{finding.rule}",
        "fingerprint": hashlib.sha256(seen.encode()).hexdigest(),
        "severity": "major" if finding.weighs else "info",
        "location": {"path": finding.file, "lines": {"begin": finding.line}},
    }


def _result(finding: Finding) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(finding.file), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": max(finding.line, 1)},
    }
    return {
        "ruleId": f"deadline-{finding.rule}",
        "level": "warning" if finding.weighs else "note",
        "message": {"text": visible_lines(finding.message)},
        "locations": [{"physicalLocation": place}],
    }


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"
