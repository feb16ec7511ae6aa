"""What `run --json` and `check --json` print.

Times are in seconds, commits are full ids. Every key is always present, and null if it does not apply.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

documented = with_config(ConfigDict(use_attribute_docstrings=True))
"""Takes the docstrings of keys into the schema."""

Interval = tuple[float | None, float | None]
"""A 95% interval as [low, high]; null for an end that is not bounded."""

Conclusion = Literal[
    "first-bad",
    "any-of",
    "no-regression",
    "good-is-bad",
    "bad-is-good",
    "merge-base-is-bad",
    "inconclusive",
    "steps",
    "first-fixed",
    "no-difference",
    "broken-is-fixed",
    "fixed-is-broken",
    "merge-base-is-fixed",
]


@documented
class Terms(TypedDict):
    """The words for commits like the old and the new endpoint."""

    old: str
    new: str


@documented
class Likely(TypedDict):
    """A commit that may be the answer."""

    commit: str
    probability: float


@documented
class Step(TypedDict):
    """One step of a range."""

    commits: list[str]
    """The commit, or untestable ones of which one is the step."""
    direction: Literal["fix", "regression"]
    ratio: float | None
    """The commit's run over that of its parent; null for verdicts."""
    interval: Interval | None
    confirmed: bool


@documented
class Range(TypedDict):
    """The range of one level of a descent."""

    good: str
    bad: str
    written: str | None
    """As git writes it, such as `1a2b3c4d5e6f^1..1a2b3c4d5e6f^2`."""


@documented
class Descent(TypedDict):
    """One step down from the answer, into a merge, a submodule, the changes of a commit, or a package."""

    level: int
    """1 for the outermost."""
    kind: Literal["merge", "submodules", "submodule", "changes", "releases"]
    of: str
    """The commit that the step goes into."""
    path: str | None
    """The submodule's path; of kind `releases` the name of a package."""
    range: Range
    state: Literal["found", "together", "one-of", "open"]
    answer: str | None
    """A commit; of kind `submodules` their paths, `changes` how many of them, `releases` a version."""
    subject: str | None
    any_of: list[str] | None
    confirmed: bool
    files: list[str]
    """What both sides of the merge changed, or what the changes are in."""
    changes: list[str] | None
    """Of kind `changes`: those that make the parent bad, as `PATH:LINE-LINE` or packages with versions."""
    of_changes: int | None
    """The number of all changes of the commit."""
    patch: str | None
    """These changes, for `git apply`."""
    share: float | None
    """The share of the commit's effect that they explain, on the log scale; null for verdicts."""
    reason: str
    command: str | None
    """Leads on from an open step."""
    probes: int
    readings: int
    hunts: list[str]
    """Keys of its hunts, as in `status --json`."""


@documented
class FailedBuilds(TypedDict):
    """Commits that fail to build alike."""

    error: str
    """With numbers, addresses and paths of slots masked."""
    count: int
    earliest: str
    latest: str
    commits: list[str]
    builds_before: list[str]
    """The last commits before them that build."""
    range: str | None
    """Where the history fixes them, as `A..B`."""
    fixed_by: str | None
    """The commit that does, if that is known exactly."""
    add: str | None
    """The line of a hunt file that picks it."""


@documented
class Saved(TypedDict):
    """Runs that were stopped early."""

    seconds: float
    """An estimate."""
    runs: int


@documented
class Ahead(TypedDict):
    """Prefetched builds."""

    builds: int
    unused: int
    seconds: float
    unused_seconds: float


@documented
class Output(TypedDict):
    """The last lines that a build or a test of one commit printed."""

    commit: str
    end: Literal["good", "bad"] | None
    why: str
    lines: list[str]
    log: str | None
    """A path."""


@documented
class SlotOutput(Output):
    """The run in a slot that one in the checkout is compared with."""

    exit_code: int | None


@documented
class Here(TypedDict):
    """A run in the user's own checkout (`--here`)."""

    what: Literal["test", "build"]
    folder: str
    commit: str
    changed: list[str]
    """Tracked files with local changes."""
    ended: str
    exit_code: int | None
    lines: list[str]
    log: str
    slot: SlotOutput
    differs: list[str]
    left: list[str]
    """Files that are new or changed since."""


@documented
class Advice(TypedDict):
    """One thing that may fix the hunt."""

    why: str
    add: str | None
    """A line for the hunt file."""
    command: str | None
    """A command for the shell."""


@documented
class Run(TypedDict):
    """The outcome of a hunt."""

    schema: Literal["run/1"]
    conclusion: Conclusion | None
    """How the hunt ended; null if it has not ended."""
    exit_code: int | None
    """That of `run`."""
    find: Literal["regression", "fix", "all"]
    terms: Terms
    headline: str
    commit: str | None
    """The answer: the first bad commit, or the first fixed one if `find` is `fix`."""
    first_bad: str | None
    confirmed: bool | None
    """Whether the answer was confirmed by fresh checkouts and clean builds."""
    any_of: list[str] | None
    """Untestable commits of which one is the answer."""
    likeliest: list[Likely] | None
    """Candidates of an inconclusive hunt."""
    steps: list[Step] | None
    """Every step of a hunt with `find` `all`, oldest first."""
    untestable_groups: list[FailedBuilds]
    """Commits that do not build, by their error."""
    descent: list[Descent]
    """The way down from the answer, the outermost step first."""
    confidence: float | None
    """A probability (0 to 1)."""
    ratio: float | None
    """How many times worse (with `find` `fix`: better) the answer is."""
    interval: Interval | None
    """Null for a single pair of runs."""
    p: float | None
    """Probability of such a ratio without a difference."""
    of: float | None
    """Ratio of the endpoints."""
    unexplained: float | None
    """What is left of it for other commits, if that is sure."""
    at_least: float | None
    """Lower bound of a ratio that was not measured to its end."""
    probes: int
    """Commits that the search tested."""
    readings: int
    skipped: int
    """Commits that cannot be tested."""
    seconds: float | None
    """Wall time from start to end."""
    saved: Saved | None
    ahead: Ahead | None
    hunt: str
    """Its name."""
    good: list[str]
    """The old endpoints."""
    bad: str
    """The new endpoint."""
    reason: str
    report: str | None
    """Path of the HTML report."""
    output: list[Output]
    here: Here | None
    advice: list[Advice]
    """What to do about a hunt that could not begin, the likeliest first."""
    next: list[str]
    """Commands that lead on."""


@documented
class Premise(Run):
    """What `check` prints when good and bad differ as they should; any other end is a `run/1`."""

    schema: Literal["check/1"]  # type: ignore[misc]
    premise: Literal["established"]


@documented
class TargetsAnswer(TypedDict):
    """Targets with the same answer."""

    conclusion: Conclusion | None
    first_bad: str | None
    any_of: list[str] | None
    confirmed: bool | None
    targets: list[str]
    flaky: list[str]


@documented
class Target(TypedDict):
    """One of several targets."""

    target: str
    hunt: str
    """The name of its own hunt."""
    conclusion: Conclusion | None
    first_bad: str | None
    confirmed: bool | None
    confidence: float | None
    ratio: float | None
    flaky: bool
    readings: int
    reason: str | None
    """Why it has no answer."""


@documented
class Targets(TypedDict):
    """The outcome of a hunt of several targets (`run --json`)."""

    schema: Literal["targets/1"]
    conclusion: Literal["targets"]
    exit_code: int
    hunt: str
    good: list[str]
    bad: str
    answers: list[TargetsAnswer]
    """First bad commits first, those of most targets before."""
    targets: list[Target]
    open: list[str]
    """Targets without a confirmed answer."""
    others: dict[str, list[str]]
    """With `targets: auto`, tests that are not hunted, by what they do."""
    probes: int
    runs: int
    builds: int
    seconds: float
    """Time of all builds and runs."""
    reason: str
    report: str | None
