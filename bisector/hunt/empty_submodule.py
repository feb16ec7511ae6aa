"""Whether the first bad commit fails only because it adds a submodule that is empty in every slot."""

from __future__ import annotations

import shlex

from bisector.history.pointers import moves
from bisector.history.submodules import uninitialised
from bisector.hunt.conclusion import Conclusion, FirstBad, Inconclusive
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan


def not_for_an_empty_submodule(
    conclusion: Conclusion | None, ground: Ground, plan: Plan
) -> Conclusion | None:
    """The conclusion; inconclusive if its first bad commit adds a submodule that is not initialised."""
    if not isinstance(conclusion, FirstBad):
        return conclusion
    repository, commit = ground.repository, conclusion.commit
    empty = set(uninitialised(repository, commit))
    parents = plan.parents[commit] if empty else ()
    added = sorted(empty.intersection(*(moves(repository, one, commit).added for one in parents[:1])))
    if not parents or not added:
        return conclusion
    command = shlex.join(["git", "submodule", "update", "--init", "--recursive", *added])
    why = (
        f"commit {commit[:12]} adds the submodule {', '.join(added)}, which is not initialised in "
        f"{repository.path} and so empty in every slot; initialise it with `{command}` and run the same "
        "command again"
    )
    return Inconclusive(why, (commit,), (conclusion.probability,))
