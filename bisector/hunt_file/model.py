"""The typed form of a hunt file. The reference page consists of the descriptions here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bisector.hunt_file.alarm import Alarm
from bisector.hunt_file.axes import Axis
from bisector.hunt_file.descent import Descend, Narrow
from bisector.hunt_file.diagnosis import Diagnosis
from bisector.hunt_file.direction import HEAD, Find, TermsChoice, with_ends
from bisector.hunt_file.engine import Engine
from bisector.hunt_file.fields import (
    AUTO,
    Command,
    Commits,
    Heading,
    HuntName,
    Inside,
    LocalPath,
    OneLine,
    Pathspec,
    Revision,
    Revisions,
    SizeLimit,
    Targets,
)
from bisector.hunt_file.judging import Budget, Pairs, PredicateChoice, Premise
from bisector.hunt_file.machine import Measure, Quiet
from bisector.hunt_file.origin import Origin
from bisector.hunt_file.overlay import Overlay, Section
from bisector.hunt_file.sandboxed import Shown
from bisector.hunt_file.scripts import whole_test, with_scripts
from bisector.hunt_file.setup import Setups
from bisector.hunt_file.suites import Suites
from bisector.hunt_file.work import Build, Environment, Test
from bisector.terms import Terms
from bisector.units import GIB


class Hunt(Section):
    """One search for the first bad commit."""

    hunt: HuntName = Field(
        default="hunt",
        description="Name of the hunt: letters, digits, `.`, `_` and `-`. Default: the name of the "
        "file, or after the test command.",
    )
    repository: LocalPath = Field(
        default=Path(), description="Path of the git repository, relative to the hunt file."
    )
    find: Find = Field(
        default="regression",
        description="What to find: the first bad commit (`regression`), or the first commit that works "
        "again (`fix`): then `bad` is older than `good`, which defaults to HEAD; or every step of the "
        "range, in both directions (`all`).",
    )
    good: Revisions = Field(
        description="One or more revisions without the regression, or `auto` to walk back from bad "
        "until a good commit is found.",
        examples=["v1.0"],
    )
    bad: Revision = Field(default="HEAD", description="Revision with the regression.")
    old: Revisions | None = Field(
        default=None,
        exclude=True,
        description="The older end, instead of `good`; with `find: fix`, instead of `bad`. As for "
        "`git bisect old`.",
        examples=["v1.0"],
    )
    new: Revision | None = Field(
        default=None,
        exclude=True,
        description="The newer end, instead of `bad`; with `find: fix`, instead of `good`. Default: HEAD.",
    )
    terms: TermsChoice = Field(
        default_factory=TermsChoice,
        description="Words for commits before and after the one to find, in everything that bisector prints.",
    )
    since: Revision | None = Field(
        default=None, description="Oldest revision that `good: auto` tries. Default: the first commit."
    )
    first_parent: StrictBool = Field(
        default=False,
        description="Whether to follow only the first parent of merges, as `git bisect --first-parent` does.",
    )
    descend: Descend = Field(
        default_factory=Descend,
        description="Whether to follow an answer that is a merge, or moves a submodule or a package, to what "
        "it brings in: `true` or `false`, or keys and values. Without effect with `find: all` or `targets`.",
    )
    narrow: Narrow = Field(
        default=None,
        description="Whether to find the smallest part of the first bad commit that makes its parent bad: "
        "`auto` for hunks, `lines` for the lines of those hunks. Without effect with `find: all` or "
        "`targets`.",
    )
    paths: tuple[Pathspec, ...] = Field(
        default=(), description="Git pathspecs. Only commits that touch one of them are candidates."
    )
    skip: tuple[Commits, ...] = Field(
        default=(),
        description="Commits not to test, as for `git bisect skip`: revisions, and ranges such as "
        "`v1.1..v1.2`. They count as untestable.",
        examples=[["v1.1..v1.2"]],
    )
    setup: Setups = Field(
        default=(),
        description="What commits need before their build, such as installed packages. Default: nothing.",
    )
    build: Build | None = Field(
        default=None, description="How to build a commit before the test. Default: no build."
    )
    test: Test = Field(description="How to test a commit.", examples=[{"command": "./test.sh"}])
    scripts: dict[OneLine, Command] = Field(
        default_factory=dict,
        description="Several tests by name, each with its own command, instead of `test.command`: several "
        "test suites, for example. Each is a target of its own, judged by the predicate; they "
        "share builds. With `targets`, only those that it names are hunted. Default: one test.",
        examples=[{"tcl": "bash lib/tcl/test.sh", "lua": "bash lib/lua/test.sh"}],
    )
    overlay: tuple[Overlay, ...] = Field(
        default=(), description="Changes to apply to every commit before its build, in this order."
    )
    axes: tuple[Axis, ...] = Field(
        default=(),
        description="What may make the difference and is not in git: variables, files and lines of shell, "
        "each with an old and a new value. The hunt is then among them, at the commit `bad`, and needs no "
        "`good`.",
        examples=[[{"variable": "CC", "old": "gcc-12", "new": "gcc-13"}]],
    )
    environment: Environment = Field(
        default_factory=Environment,
        description="Variables that builds and tests see. They see no others.",
    )
    predicate: PredicateChoice = Field(
        default=PredicateChoice(name="exit_status"),
        description="Predicate that judges a test: a name, or keys and values.",
    )
    targets: Targets = Field(
        default=(),
        description="Names of several tests or benchmarks that the predicate tells apart, each hunted for "
        "its own first bad commit with shared builds and runs. `auto`: every test that fails at bad, and "
        "passes at good or is not there, or every benchmark that is slower at bad by the predicate's "
        "`ratio`. In `test.command`, `{targets}` stands for the names that a commit is asked about; the test "
        "also finds them in `BISECTOR_TARGETS`, one a line, and in the file `BISECTOR_TARGETS_FILE`. Without "
        "`{targets}`, the whole test runs. Default: one hunt.",
        examples=[["test_adds", "test_subtracts"]],
    )
    suites: Suites | None = Field(
        default=None,
        description="How to read from a test what passed. Default: from lines such as `eval: 169/169`, "
        "the last one `total: 376/376`.",
    )
    pairs: Pairs = Field(default_factory=Pairs, description="How often to repeat measured runs.")
    premise: Premise = Field(
        default_factory=Premise, description="How to probe the endpoints before the search."
    )
    confidence: StrictFloat = Field(
        default=0.99, ge=0.5, le=0.9999, description="Probability that the answer must reach."
    )
    budget: Budget = Field(default_factory=Budget, description="When the hunt gives up without a conclusion.")
    jobs: StrictInt = Field(
        default=1,
        ge=1,
        le=1024,
        description="Number of probes to run in parallel, for a predicate that gives verdicts. The "
        "tests must not disturb each other. Measured tests run one at a time.",
    )
    sparse: StrictBool = Field(
        default=False,
        description="Whether slots contain only the declared inputs of build and test, which is faster "
        "in a repository with tens of thousands of files. The endpoints and the answer are always checked "
        "out completely.",
    )
    store: SizeLimit = Field(
        default=10 * GIB,
        description="Size limit of the built artefacts in `scratch`. The least recently used ones are "
        "removed first.",
    )
    engine: Engine = Field(
        default_factory=Engine, description="Where probes run: `local`, `dask`, or keys and values."
    )
    quiet: Quiet | None = Field(
        default=None, description="Whether and how to wait for a quiet machine. Default: no waiting."
    )
    measure: Measure = Field(
        default_factory=Measure,
        description="CPUs for the tests, and commands to run before and after each reading.",
    )
    sandbox: Literal["bwrap"] | None = Field(
        default=None,
        description="`bwrap` runs builds and tests under bubblewrap: without network, and able to write "
        "only to the slot and to their own `/tmp`. Default: no sandbox.",
    )
    sandbox_reads: tuple[Shown, ...] = Field(
        default=(),
        description="Folders and files below `/tmp` and `/run` that builds and tests can read in the "
        "sandbox, such as that of a program. Everything else there is hidden.",
        examples=[["/tmp/toolchain"]],
    )
    diagnose: Diagnosis = Field(
        default_factory=Diagnosis, description="What `bisector diagnose` compares, and the hypotheses."
    )
    alarm: Alarm | None = Field(
        default=None, description="What `bisector alarm` compares. Default: no alarm."
    )
    watches: tuple[Inside, ...] = Field(
        default=(),
        description="Files whose raised deadlines start this hunt, as globs in which `*` also matches "
        "`/`. Default: the scripts that the test runs.",
        examples=[["lib/tcl/*.sh"]],
    )
    scratch: LocalPath | None = Field(
        default=None,
        description="Folder for worktrees, built artefacts and the journal, relative to the hunt file. "
        "Default: `worktrees/` beside the hunt file (or beside its `configs/`); if that would be inside "
        "the repository, a folder in the user's cache.",
    )
    progress_log: LocalPath | None = Field(
        default=None, description="Markdown file to which the conclusion is added, relative to the hunt file."
    )
    heading: Heading = Field(
        default="Progress log", description="Heading in that file under which the conclusion is added."
    )
    on_end: Command | None = Field(
        default=None,
        description="Command that `bisector run` runs after the conclusion, such as one that sends a "
        "message. It sees `BISECTOR_CONCLUSION`, `BISECTOR_EXIT_CODE`, `BISECTOR_COMMIT` (the "
        "answer), `BISECTOR_FIRST_BAD` (the answer, unless it is a fix), `BISECTOR_REPORT` and "
        "`BISECTOR_HUNT`, and otherwise runs as `measure.before` does. Its failure is reported "
        "and changes nothing. Default: none.",
        examples=["./tell-the-team.sh"],
    )

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @model_validator(mode="before")
    @classmethod
    def _by_age(cls, data: Any) -> Any:
        return with_scripts(with_ends(data)) if isinstance(data, dict) else data

    @field_validator("good")
    @classmethod
    def _one_for_a_fix(cls, good: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("find") == "fix" and (len(good) > 1 or AUTO in good):
            raise ValueError(f"{', '.join(good)}: a hunt for a fix has one good revision; write only that")
        return good

    @field_validator("scripts")
    @classmethod
    def _instead_of_a_command(cls, scripts: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        test = info.data.get("test")
        if scripts and test is not None and test.command != whole_test(scripts):
            raise ValueError("each script has its own command; remove 'test.command', or the scripts")
        return scripts

    @field_validator("targets")
    @classmethod
    def _are_scripts(cls, targets: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        scripts = info.data.get("scripts")
        if scripts and (wrong := [name for name in targets if name not in scripts]):
            raise ValueError(f"{wrong[0]!r} is none of the scripts, which are {', '.join(scripts)}")
        return targets

    @field_validator("overlay")
    @classmethod
    def _fixes_a_build(cls, overlay: tuple[Overlay, ...], info: ValidationInfo) -> tuple[Overlay, ...]:
        makes = info.data.get("build") or info.data.get("setup")
        if not makes and any(change.is_fix_up for change in overlay):
            raise ValueError("`fails` is about the build, and this hunt has none; add 'build', or remove it")
        return overlay

    @field_validator("bad")
    @classmethod
    def _another_than_good(cls, bad: str, info: ValidationInfo) -> str:
        fix = info.data.get("find") == "fix"
        if bad in info.data.get("good", ()):
            if fix and bad == HEAD:
                raise ValueError("is missing; name a revision that is still broken")
            raise ValueError(f"good and bad are both {bad!r}, so there are no commits between; change one")
        if bad == AUTO and not fix:
            raise ValueError(f"{AUTO!r} works only for 'good'; write a revision")
        return bad

    @property
    def before(self) -> tuple[str, ...]:
        """The revisions of the old end: good, or bad if the hunt looks for a fix."""
        return (self.bad,) if self.find == "fix" else self.good

    @property
    def after(self) -> str:
        """The revision of the new end: bad, or good if the hunt looks for a fix."""
        return self.good[0] if self.find == "fix" else self.bad

    @property
    def kinds(self) -> Terms:
        """The words for commits like the old end and like the new one."""
        return self.terms.of(self.find)

    def for_a_fix(self) -> Hunt:
        """The same hunt, but for the commit that works again."""
        return self.model_copy(update={"find": "fix"})

    def with_commits(self, old: Sequence[str], new: str) -> dict[str, object]:
        """The values of `good` and `bad` with these commits as ends."""
        good, bad = ((new,), old[0]) if self.find == "fix" else (old, new)
        return {"good": list(good), "bad": bad}

    def key_of(self, end: Literal["old", "new"]) -> str:
        """The key under which an end was written, for messages."""
        usual = {"old": "good", "new": "bad"} if self.find != "fix" else {"old": "bad", "new": "good"}
        said = (*self._origin.marks, *self._origin.options)
        return end if (end,) in said else usual[end]

    def locate(self, *path: str | int) -> str:
        """Where a key was written, for messages: `tcl.yaml:12`, or the option that set it."""
        return self._origin.where(path)

    @property
    def origin(self) -> Origin:
        """Where each value of this hunt was written."""
        return self._origin

    def written_at(self, origin: Origin) -> Hunt:
        """Return this hunt with the places where its values were written."""
        self._origin = origin
        return self


def commands_of(hunt: Hunt) -> list[str | tuple[str, ...]]:
    """The commands that run for a commit, in this order: setup, build, test."""
    build = [hunt.build.command] if hunt.build else []
    return [*(section.command for section in hunt.setup), *build, hunt.test.command]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of hunt files, for editors."""
    schema = Hunt.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bisector hunt file",
    }
