"""The sections that say how a commit is built and tested."""

from __future__ import annotations

from pydantic import Field, StrictBool

from bisector.hunt_file.fields import (
    Command,
    Inputs,
    Inside,
    Limit,
    SizeLimit,
    Target,
    Variable,
    VariableGlob,
)
from bisector.hunt_file.overlay import Section
from bisector.units import MIB, MINUTE


class Build(Section):
    """How a commit is built."""

    command: Command = Field(
        description="Command that builds the commit: a string for the shell, or a list of words to run "
        "without a shell.",
        examples=["dune build bin/sx_server.exe"],
    )
    folder: Inside = Field(
        default=".", description="Folder that the command runs in, relative to the top of the repository."
    )
    timeout: Limit = Field(
        default=30 * MINUTE, description="Time limit. A build that takes longer has failed."
    )
    inputs: Inputs = Field(
        default=None,
        description="Files and folders that the build depends on. Commits that do not differ in them "
        "share one build. Default: the whole tree.",
    )
    outputs: tuple[Target, ...] = Field(
        default=(),
        description="Files and folders that the build makes and the test needs. bisector keeps them for "
        "other commits with the same inputs.",
    )
    identity: Command | None = Field(
        default=None,
        description="Command that prints what builds depend on besides the commit, for example the "
        "version of a compiler. If its output changes, earlier builds and readings are not reused. It "
        "runs once at each start, in the folder of the hunt file, with the variables that builds see. "
        "Default: bisector compares only the programs that the command names, by path, size and "
        "modification time.",
        examples=["ocamlfind ocamlopt -version"],
    )
    ccache: StrictBool = Field(
        default=False,
        description="Whether to call C and C++ compilers through `ccache`, with a cache in `scratch`. "
        "Dune uses its own cache in any case.",
    )
    ahead: StrictBool = Field(
        default=True,
        description="Whether to build commits that may be tested next while others are tested. This "
        "needs `outputs`. For measured tests it also reserves a CPU for these builds, which the tests "
        "do not use.",
    )


class Test(Section):
    """How a built commit is tested."""

    command: Command = Field(
        description="Command that tests the commit: a string for the shell, or a list of words to run "
        "without a shell.",
        examples=["bash lib/tcl/test.sh"],
    )
    folder: Inside = Field(
        default=".", description="Folder that the command runs in, relative to the top of the repository."
    )
    timeout: Limit = Field(
        default=10 * MINUTE,
        description="Time limit. After it, bisector kills the whole process tree of the test. Time spent "
        "waiting for a CPU does not count, up to three times the limit in all.",
    )
    memory: SizeLimit | None = Field(
        default=None,
        description="Memory limit of the whole process tree. Default: no limit besides that of the machine.",
    )
    to_the_end: bool = Field(
        default=False,
        description="Whether the search lets each test run up to the time or memory limit that ended "
        "the bad endpoint's test. By default it ends a test half way there.",
    )
    inputs: Inputs = Field(
        default=None,
        description="Files and folders that the test depends on, besides the build. Commits that do not "
        "differ in these and in the build's inputs are tested once. Default: the whole tree.",
    )
    keeps: tuple[Inside, ...] = Field(
        default=(),
        description="Files and folders that a test may leave for the next one, for example a cache. "
        "Globs, relative to the top of the repository: `*` matches any part of a name, `**` any "
        "folders. bisector undoes all other changes that a test makes in its slot.",
        examples=[[".cache/**"]],
    )
    output: SizeLimit = Field(
        default=64 * MIB, description="Output limit. A test that prints more is killed."
    )


class Environment(Section):
    """Variables that builds and tests see, besides the few that every probe has (such as PATH and HOME)."""

    pass_: tuple[VariableGlob, ...] = Field(
        default=(),
        alias="pass",
        description="Names or globs of variables to pass on from bisector's environment.",
    )
    set: dict[Variable, str] = Field(
        default_factory=dict, description="Variables to set, with their values. They override `pass`."
    )
