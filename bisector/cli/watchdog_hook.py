"""`bisector watchdog --staged`: a commit-msg hook that asks for the reason of a raised deadline."""

from __future__ import annotations

import sys
from pathlib import Path

from bisector.errors import ExitCode
from bisector.history.redirection import index_of_hook
from bisector.report.safe_text import visible
from bisector.watchdog.staged import REASON, reason_in, staged_raises


def require_reason(folder: Path, message: Path) -> int:
    """Returns 0 if nothing staged raises a deadline or `message` says why, else 1 after saying what to do."""
    raised = staged_raises(folder, index_of_hook())
    if not raised or reason_in(message, folder):
        return 0
    for change in raised:
        sys.stderr.write(
            f"{visible(change.shown.file)}:{change.shown.line}: raised: {visible(str(change))}\n"
        )
    sys.stderr.write(
        f"bisector: say why in the commit message, on a line `{REASON}: ...` at its end. After the commit, "
        "`bisector watchdog HEAD~..HEAD --run --config FILE` tells whether the test became slower\n"
    )
    return int(ExitCode.CHECK_FAILED)
