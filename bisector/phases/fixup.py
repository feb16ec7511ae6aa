"""Finds the commit that fixes a group of failed builds, and tries it as a fix-up over the group.

The fixing commit is found by a hunt of its own, for the first commit that builds, in the range in which the
group is fixed. It lies below the hunt in the journal, so that the same command goes on where it stopped.
"""

from __future__ import annotations

import copy
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from bisector.engine.slots import Slots
from bisector.errors import UsageError
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.descend.way import with_ends_of
from bisector.hunt.engines import prober_for
from bisector.hunt.events import Listener
from bisector.hunt.failed_builds import FailedBuilds
from bisector.hunt.ground import Ground
from bisector.hunt.planning import plan_between
from bisector.hunt.session import Session
from bisector.hunt_file import Budget, CherryPick, Hunt, PredicateChoice, Test
from bisector.hunt_file.descent import Descend
from bisector.hunt_file.overlay import When
from bisector.predicate import Untestable
from bisector.probe.leftovers import clean_leftovers


@dataclass(frozen=True)
class Found:
    """What was found out about a group: the `commit` that fixes it, or `why` that is not known.

    `testable` are the commits of the group that build with its changes, `untestable` the others with the
    reason.
    """

    group: FailedBuilds
    commit: str = ""
    why: str = ""
    testable: tuple[str, ...] = ()
    untestable: Mapping[str, str] = field(default_factory=dict)


def find_fix_up(session: Session, group: FailedBuilds, listener: Listener, *, restart: bool = False) -> Found:
    """Find the commit that fixes `group`, and build the commits of the group with its changes.

    `restart` forgets what the hunt for it has read. Raises what a hunt raises, and `UsageError` if the hunt
    has no build.
    """
    if not group.builds:
        return Found(group, why="no later commit was seen to build; begin with a bad commit that builds")
    if group.is_picked:
        return Found(group, why=f"the overlay picks {group.fix[:12]} already, and they do not build with it")
    commit = group.fix
    if not commit:
        commit, why = _fixing(session, group, listener, restart=restart)
        if not commit:
            return Found(group, why=why)
    testable, untestable = _tried(session, group, commit, listener)
    return Found(group, commit, "", testable, untestable)


def _fixing(session: Session, group: FailedBuilds, listener: Listener, *, restart: bool) -> tuple[str, str]:
    """The first commit that builds in the range of `group`, or '' and why there is none."""
    ground = _of_builds(with_ends_of(session), group)
    plan = plan_between(ground, (group.after,), group.builds, ground.hunt.kinds)
    record = Session(ground, plan.good, plan, within=session.key).run(listener, restart=restart)
    found = record.conclusion
    if isinstance(found, FirstBad) and found.confirmed:
        return found.commit, ""
    why = getattr(found, "why", "") or "which commit builds first cannot be told"
    return "", f"in {group.range}: {why}"


def _of_builds(ground: Ground, group: FailedBuilds) -> Ground:
    """The ground of a hunt for the first commit that builds: the build is its test."""
    hunt = ground.hunt
    if hunt.build is None:
        raise UsageError("this hunt has no `build`; fix its setup by hand")
    built = Test(command=_builds(hunt), folder=hunt.build.folder, timeout=hunt.build.timeout, to_the_end=True)
    of_builds: dict[str, object] = {
        "hunt": f"{hunt.hunt[:90]}-fixup",
        "find": "fix",
        "good": (group.builds,),
        "bad": group.after,
        "build": None,
        "test": built,
        "predicate": PredicateChoice(name="exit_status"),
        "overlay": tuple(change for change in hunt.overlay if not change.is_fix_up),
        "budget": Budget(),
        "descend": Descend(follow=False),
    }
    nothing: dict[str, object] = {"targets": (), "scripts": {}, "suites": None, "skip": (), "paths": ()}
    nothing |= {"quiet": None, "sparse": False}
    other = ground.of_hunt(hunt.model_copy(update={**of_builds, **nothing}))
    other.ratio = None
    return other


def _builds(hunt: Hunt) -> str:
    """A command for the shell that fails with 1 if the build of the hunt fails or lacks an output."""
    assert hunt.build is not None
    said = hunt.build.command
    line = said if isinstance(said, str) else shlex.join(said)
    paths = [os.path.relpath(output, hunt.build.folder) for output in hunt.build.outputs]
    there = [f"test -e {shlex.quote(path)} || exit 1" for path in paths]
    # Exit codes such as 125 would say that it cannot be tested.
    return "\n".join([f"( {line}", ") || exit 1", *there])


def _tried(
    session: Session, group: FailedBuilds, commit: str, listener: Listener
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The commits of the group that build if `commit` is a fix-up, and why the others do not."""
    ground = copy.copy(session.ground)
    picked = CherryPick(cherry_pick=commit, when=When(fails=True))
    ground.hunt = ground.hunt.model_copy(update={"overlay": (*ground.hunt.overlay, picked)})
    key = f"fixup-{session.key}"
    testable: list[str] = []
    untestable: dict[str, str] = {}
    with ground.scratch.held(key), Slots(ground.scratch.slots, ground.repository) as slots:
        clean_leftovers()
        builds = prober_for(ground, key, session.ends, listener).builds
        slot = slots.take(group.commits[0])
        for one in group.commits:
            with slot.changing(one):
                built = builds.build(slot.worktree, one)
            if isinstance(built, Untestable):
                untestable[one] = built.why
            else:
                testable.append(one)
    return tuple(testable), untestable
