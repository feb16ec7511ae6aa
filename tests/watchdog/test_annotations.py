"""The output for forges is valid, with any file name."""

from __future__ import annotations

import json

from bisector.watchdog.annotations import Finding, code_quality, sarif, workflow_commands

NASTY = Finding("a,b:c\n%.sh", 3, "raised", "50% more:\n::error::x", True)
PLAIN = Finding("lib/ä b.sh", 7, "lowered", "less", False)


def test_workflow_commands_cannot_be_broken_out_of() -> None:
    """Line breaks, colons, commas and percent signs are escaped as the runner expects."""
    first, second = workflow_commands([NASTY, PLAIN]).splitlines()
    assert first == (
        "::warning file=a%2Cb%3Ac%0A%25.sh,line=3,title=deadline raised::50%25 more:%0A::error::x"
    )
    assert second == "::notice file=lib/ä b.sh,line=7,title=deadline lowered::less"


def test_code_quality_has_what_gitlab_asks_for() -> None:
    """Description, name, unique fingerprint, severity and position of every finding."""
    issues = json.loads(code_quality([NASTY, PLAIN, PLAIN]))
    assert [issue["severity"] for issue in issues] == ["major", "info", "info"]
    assert issues[1]["location"] == {"path": "lib/ä b.sh", "lines": {"begin": 7}}
    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert {"description", "check_name"} <= issues[0].keys()


def test_sarif_names_its_rules_and_places() -> None:
    """Version, driver, a rule for each kind, and paths as URIs."""
    document = json.loads(sarif([NASTY, PLAIN]))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"deadline-raised", "deadline-lowered"}
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "lib/%C3%A4%20b.sh"
    assert place["region"] == {"startLine": 7}
    assert [result["level"] for result in run["results"]] == ["warning", "note"]
