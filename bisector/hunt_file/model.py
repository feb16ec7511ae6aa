"""What a hunt is: the typed form of a hunt file. The descriptions here are the reference's text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationInfo,
    field_validator,
)

from bisector.hunt_file.alarm import Alarm
from bisector.hunt_file.choice import Choice
from bisector.hunt_file.diagnosis import Diagnosis
from bisector.hunt_file.engine import Engine
from bisector.hunt_file.fields import (
    AUTO,
    Command,
    Commits,
    Count,
    Heading,
    HuntName,
    Inputs,
    Inside,
    Limit,
    LocalPath,
    OneLine,
    Pathspec,
    Revision,
    Revisions,
    SizeLimit,
    Target,
    Variable,
    VariableGlob,
    Wait,
)
from bisector.hunt_file.origin import Origin
from bisector.hunt_file.overlay import Overlay, Section
from bisector.hunt_file.suites import Suites

MINUTE = 60.0
MIB = 1024**2
GIB = 1024**3


class Build(Section):
    """How a commit is built."""

    command: Command = Field(
        description="Builds the commit: text for the shell, or a list of words run without one.",
        examples=["dune build bin/sx_server.exe"],
    )
    folder: Inside = Field(default=".", description="Where the command runs, from the top of the repository.")
    timeout: Limit = Field(default=30 * MINUTE, description="After this long the build has failed.")
    inputs: Inputs = Field(
        default=None,
        description="Files and folders that the build depends on; commits alike in them share one build. "
        "Without it: the whole tree.",
    )
    outputs: tuple[Target, ...] = Field(
        default=(),
        description="Files and folders that the build makes and the test needs, kept for commits with the "
        "same inputs.",
    )
    identity: Command | None = Field(
        default=None,
        description="Prints what builds depend on beside the commit, such as the version of a compiler: what "
        "was built or read while it printed something else is not used again. Runs once at each start, "
        "beside the hunt file, with the variables that builds see. Without it: only the programs that the "
        "command names count, by path, size and time of change.",
        examples=["ocamlfind ocamlopt -version"],
    )
    ccache: StrictBool = Field(
        default=False,
        description="Whether C and C++ compilers are called through `ccache`, with a cache in `scratch`. "
        "dune's own cache is used in any case.",
    )
    ahead: StrictBool = Field(
        default=True,
        description="Whether commits that may be asked for next are built while others are tested. That "
        "needs `outputs`; beside measured tests it also takes a CPU that these are then kept off.",
    )


class Test(Section):
    """How a built commit is tested."""

    command: Command = Field(
        description="Tests the commit: text for the shell, or a list of words run without one.",
        examples=["bash lib/tcl/test.sh"],
    )
    folder: Inside = Field(default=".", description="Where the command runs, from the top of the repository.")
    timeout: Limit = Field(
        default=10 * MINUTE, description="The test's whole process tree is ended after this long."
    )
    memory: SizeLimit | None = Field(
        default=None,
        description="Limit on the memory of the whole process tree. Without it: the machine's own.",
    )
    to_the_end: bool = Field(
        default=False,
        description="Whether the search, too, lets a test run into the limit of time or memory at which that "
        "of the bad endpoint ended. Otherwise it ends one that has gone half way there.",
    )
    inputs: Inputs = Field(
        default=None,
        description="Files and folders that the test depends on, beside what was built; commits alike in "
        "these and in the build's inputs are tested once. Without it: the whole tree.",
    )
    keeps: tuple[Inside, ...] = Field(
        default=(),
        description="Files and folders that a test may leave for the next one, such as a cache: globs from "
        "the top of the repository, where `*` stands for any part of a name and `**` for any folders. All "
        "else that a test changes in its slot is put back before the next test there.",
        examples=[[".cache/**"]],
    )
    output: SizeLimit = Field(
        default=64 * MIB, description="The test is ended when it has printed more than this."
    )


class Environment(Section):
    """Variables that builds and tests see, beside the few that every probe has (such as PATH and HOME)."""

    pass_: tuple[VariableGlob, ...] = Field(
        default=(),
        alias="pass",
        description="Names or globs of variables handed on from bisector's environment.",
    )
    set: dict[Variable, str] = Field(
        default_factory=dict, description="Variables with their values; these win over `pass`."
    )


class PredicateChoice(Choice):
    """The predicate that judges a test; every other key is an option of that predicate.

    A name alone may stand for the whole section.
    """

    name: OneLine = Field(
        description="Name of the predicate, or a Python file that holds one, relative to the hunt file: "
        "`mine.py`, or `mine.py:Name` where it holds several.",
        examples=["exit_status"],
    )


class Pairs(Section):
    """How often a timing predicate runs a candidate in turn with the reference."""

    first: StrictInt = Field(
        default=1,
        ge=1,
        description="Pairs when the search comes to a commit; it asks for more itself where they tell more "
        "than another commit would.",
    )
    min: StrictInt = Field(
        default=3,
        ge=3,
        description="Pairs before a difference is believed, between the endpoints and at the answer.",
    )
    whole: StrictBool = Field(
        default=False,
        description="Whether runs of the endpoints and of the answer go on to their end although they are "
        "certain to be bad, so that the step is measured and not only bounded from below.",
    )
    max: StrictInt = Field(
        default=20, description="Pairs after which a difference that stays unsure is given up."
    )

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min", 0):
            raise ValueError(f"is {value}, below 'min' ({info.data['min']}); raise it or lower 'min'")
        return value


class Premise(Section):
    """How the two endpoints are probed before the search."""

    runs: Count = Field(
        default=1,
        description="Runs of each endpoint, for a predicate that gives verdicts. A verdict that is not as "
        "expected is never believed of one run.",
    )
    max: Count = Field(
        default=30,
        description="Runs of a bad endpoint that is judged good every time, before it is believed that there "
        "is no regression. An endpoint whose runs contradict each other gets up to twice as many.",
    )
    time: Limit = Field(
        default=2 * MINUTE,
        description="How long the runs of both endpoints may take before no more are made than a verdict "
        "needs: three of each, ten where they contradict each other.",
    )


class Budget(Section):
    """When a hunt gives up without a conclusion."""

    time: Limit | None = Field(
        default=None, description="Longest time for the whole hunt. Without it: no limit."
    )
    probes: Count | None = Field(default=None, description="Most commits to probe. Without it: no limit.")


class Quiet(Section):
    """Has every probe wait for a calm machine."""

    load_per_core: StrictFloat = Field(
        gt=0,
        description="A test starts when what others run, per core, is at most this, and so is the share of "
        "time in which some task waits for a CPU. Looked at for a second; the load average would still "
        "hold bisector's own last test.",
        examples=[0.5],
    )
    wait: Wait = Field(default=10 * MINUTE, description="After this long it starts all the same.")


class Measure(Section):
    """What surrounds the tests, so that their figures are worth more."""

    cpus: tuple[Annotated[StrictInt, Field(ge=0)], ...] = Field(
        default=(),
        description="Numbers of the CPUs that tests are kept to, as `taskset --cpu-list` has them. Without "
        "it: all of them.",
        examples=[[1]],
    )
    before: Command | None = Field(
        default=None,
        description="Run before every reading, for instance to pause other work. It runs beside the hunt "
        "file, outside of the sandbox, with bisector's own environment, and must end within a minute. "
        "Without it: nothing.",
        examples=["tmux send-keys -t loops C-z"],
    )
    after: Command | None = Field(
        default=None,
        description="Run after every reading, whatever came of it, also for one that was interrupted; for "
        "one cut short by `kill -9` when the next hunt starts in the same `scratch`. Without it: nothing.",
        examples=["tmux send-keys -t loops fg Enter"],
    )


class Hunt(Section):
    """One search for the first bad commit."""

    hunt: HuntName = Field(
        default="hunt",
        description="Name of the hunt: letters, digits, `.`, `_` and `-`. Without it: the file's name, or "
        "`hunt` where there is no file.",
    )
    repository: LocalPath = Field(
        default=Path(), description="The git repository, relative to the hunt file."
    )
    good: Revisions = Field(
        description="Where all was well: a revision or several, or `auto` to walk back from bad until a good "
        "commit is found.",
        examples=["v1.0"],
    )
    bad: Revision = Field(default="HEAD", description="Where the regression is seen.")
    since: Revision | None = Field(
        default=None, description="How far back `good: auto` walks. Without it: to the first commit."
    )
    first_parent: StrictBool = Field(
        default=False,
        description="Whether only merges and direct commits of bad's own branch are candidates.",
    )
    paths: tuple[Pathspec, ...] = Field(
        default=(), description="Git pathspecs: only commits that touch one of them are candidates."
    )
    skip: tuple[Commits, ...] = Field(
        default=(),
        description="Commits that are not to be tested, as `git bisect skip` takes them: revisions, and "
        "ranges such as `v1.1..v1.2`. They count as untestable.",
        examples=[["v1.1..v1.2"]],
    )
    build: Build | None = Field(default=None, description="The build before the test. Without it: none.")
    test: Test = Field(description="The test that every probe runs.", examples=[{"command": "./test.sh"}])
    overlay: tuple[Overlay, ...] = Field(
        default=(), description="Changes laid over every commit before its build, in this order."
    )
    environment: Environment = Field(
        default_factory=Environment,
        description="Variables that builds and tests see; all others are kept from them.",
    )
    predicate: PredicateChoice = Field(
        default=PredicateChoice(name="exit_status"),
        description="What turns a test into a judgement: a name, or keys and values.",
    )
    suites: Suites | None = Field(
        default=None,
        description="How the test tells what passed. Without it: by lines such as `eval: 169/169`, the last "
        "of them `total: 376/376`.",
    )
    pairs: Pairs = Field(default_factory=Pairs, description="How often measured runs are repeated.")
    premise: Premise = Field(
        default_factory=Premise, description="How the endpoints are probed before the search."
    )
    confidence: StrictFloat = Field(
        default=0.99, ge=0.5, le=0.9999, description="Probability at which the search is sure of its answer."
    )
    budget: Budget = Field(default_factory=Budget, description="When the hunt gives up without a conclusion.")
    jobs: StrictInt = Field(
        default=1,
        ge=1,
        le=1024,
        description="Probes at the same time, for a predicate that gives verdicts; tests must not disturb "
        "each other. Measured tests run one at a time.",
    )
    sparse: StrictBool = Field(
        default=False,
        description="Whether slots hold only the declared inputs of build and test, which in a repository of "
        "very many files is quicker. The endpoints and the answer are laid out whole.",
    )
    store: SizeLimit = Field(
        default=10 * GIB,
        description="Most that built artefacts in `scratch` may take; what was used least recently goes "
        "first.",
    )
    engine: Engine = Field(
        default_factory=Engine, description="Where probes run: `local`, `dask`, or keys and values."
    )
    quiet: Quiet | None = Field(
        default=None, description="Waiting for a calm machine. Without it: no waiting."
    )
    measure: Measure = Field(default_factory=Measure, description="What surrounds the tests.")
    sandbox: Literal["bwrap"] | None = Field(
        default=None,
        description="`bwrap` has builds and tests run under bubblewrap: no network, and nothing to write to "
        "but the slot and a `/tmp` of their own. Without it: as the user who runs bisector.",
    )
    diagnose: Diagnosis = Field(
        default_factory=Diagnosis, description="What `bisector diagnose` compares, and the hypotheses."
    )
    alarm: Alarm | None = Field(
        default=None, description="What `bisector alarm` compares. Without it: no alarm."
    )
    watches: tuple[Inside, ...] = Field(
        default=(),
        description="Files whose raised deadlines this hunt looks into, as globs whose `*` also matches "
        "`/`. Without it: the scripts that the test runs.",
        examples=[["lib/tcl/*.sh"]],
    )
    scratch: LocalPath | None = Field(
        default=None,
        description="Folder for worktrees, artefacts and journal, relative to the hunt file. Without it: "
        "`worktrees/` beside the hunt file (or beside its `configs/`), or the user's cache where that would "
        "lie in the repository.",
    )
    progress_log: LocalPath | None = Field(
        default=None, description="Markdown file that gets the conclusion, relative to the hunt file."
    )
    heading: Heading = Field(
        default="Progress log", description="Heading in that file under which the conclusion is written."
    )

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @field_validator("bad")
    @classmethod
    def _another_than_good(cls, bad: str, info: ValidationInfo) -> str:
        if bad in info.data.get("good", ()):
            raise ValueError(f"good and bad are both {bad!r}, so there is nothing between them; change one")
        if bad == AUTO:
            raise ValueError(f"{AUTO!r} is for 'good' only; write a revision")
        return bad

    def locate(self, *path: str | int) -> str:
        """Where a key was written, for messages: `tcl.yaml:12`, or the option that gave it."""
        return self._origin.where(path)

    @property
    def origin(self) -> Origin:
        """Where each value of this hunt was written."""
        return self._origin

    def written_at(self, origin: Origin) -> Hunt:
        """Return this hunt, knowing where its values were written."""
        self._origin = origin
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of hunt files, for editors."""
    schema = Hunt.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bisector hunt file",
    }
