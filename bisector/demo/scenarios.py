"""The scenarios: the injected cause, the guest that shows it, and how a hunt detects it."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.demo import causes
from bisector.demo.edits import Change

PER_TEST = r"{name: per_test_user_time, ratio: %s, tests: '^total: \d+/(\d+)'}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of history: the cause, in one change or in two that are harmful only together."""

    sentence: str
    guest: str = "tcl"
    causes: tuple[Change, ...] = ()
    predicate: str = PER_TEST % "1.5"
    """The hunt file's predicate, in YAML."""
    memory: str = "2GiB"
    timeout: str = "120s"
    hidden: bool = False
    """Whether the cause is inside a run of commits that do not compile."""
    overlay: str = ""
    """Overlay entries of the hunt file in YAML; usually none."""


CATALOGUE: dict[str, Scenario] = {
    "env-copy": Scenario(
        "every new frame copies the whole scope, so calls get slower with each definition",
        causes=(causes.ENV_COPY,),
    ),
    "jit-miss": Scenario(
        "the JIT's cache is keyed on the environment, so every call compiles its body again",
        causes=(causes.JIT_MISS,),
    ),
    "snapshot-copy": Scenario(
        "each suspension copies its frames and environments, even where nobody resumes it",
        guest="haskell",
        causes=(causes.SNAPSHOT_COPY,),
    ),
    "sentinel-widened": Scenario(
        "the JIT's failure sentinel also covers ordinary bodies, which fall back to the tree-walk",
        causes=(causes.SENTINEL_WIDENED,),
    ),
    "type-check": Scenario(
        "strict mode is on by default: every primitive checks its arguments' types (about 1.3x)",
        guest="haskell",
        causes=(causes.TYPE_CHECK,),
        predicate=PER_TEST % "1.15",
    ),
    "frame-lists": Scenario(
        "frames are tagged lists instead of records (about 1.3x)",
        guest="haskell",
        causes=(causes.FRAME_LISTS,),
        predicate=PER_TEST % "1.15",
    ),
    "markers": Scenario(
        "suspensions are never forgotten: a long chain slows down until no marker appears in time",
        guest="erlang",
        causes=(causes.MARKERS,),
        predicate=r"{name: markers_within, pattern: '^\(ok-len', count: 1, within: 3s}",
        overlay="  - {edit: lib/erlang/conformance.sh, find: 'timeout 120', replace: 'timeout 600'}\n",
    ),
    "oom": Scenario(
        "memory is kept across epochs until the hunt's limit",
        guest="prolog",
        causes=(causes.OOM,),
        predicate="{name: no_oom}",
        memory="256MiB",
    ),
    "merge": Scenario(
        "both parents of the first bad commit are good: two harmless changes make the JIT's cache miss",
        causes=(causes.FRESH_STAMPS, causes.STAMPED_KEY),
    ),
    "hidden": Scenario(
        "the first bad commit lies inside a run of commits that do not compile",
        causes=(causes.JIT_MISS,),
        hidden=True,
    ),
    "none": Scenario("no regression: tests and watchdogs grow, and nothing else"),
}
"""Scenarios by name."""
