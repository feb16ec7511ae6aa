"""The paths that a sparse slot checks out."""

from __future__ import annotations

from bisector.errors import HuntFileError
from bisector.hunt_file.model import Hunt
from bisector.probe.identity import inputs_of


def paths_of(hunt: Hunt) -> tuple[str, ...]:
    """All paths that a sparse slot must contain; raises HuntFileError if they are not known."""
    targets = [change.target for change in hunt.overlay]
    folders = [hunt.test.folder, *([hunt.build.folder] if hunt.build else [])]
    folders += [section.folder for section in hunt.setup]
    inputs = inputs_of(hunt)
    if "." in inputs or None in targets:
        missing = (
            "a patch or a picked commit may change any file"
            if None in targets
            else "not all inputs are declared"
        )
        raise HuntFileError(f"{hunt.locate('sparse')}: sparse: {missing}; declare `inputs` or remove it")
    named = [*inputs, *(target for target in targets if target), *(one for one in folders if one != ".")]
    return tuple(dict.fromkeys(named))
