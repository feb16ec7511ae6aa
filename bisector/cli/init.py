"""`bisector init`: proposes a hunt file for a repository and tries it at its endpoints."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import typer
from rich.console import Console

from bisector import hunt_file
from bisector.cli import init_questions, init_words
from bisector.cli.as_by_hand import in_current_folder, scripts_to_bring
from bisector.cli.completion import SYMPTOMS
from bisector.cli.publish import STDOUT
from bisector.cli.screen import Screen
from bisector.errors import EnvironmentFault, HistoryError, Interrupted, UsageError
from bisector.history.inputs import tracked_files
from bisector.history.repository import GitFailure, Repository
from bisector.hunt.ground import Ground
from bisector.hunt_file.proposal import Detected, detect, with_test
from bisector.hunt_file.proposal_symptoms import FAILS, HANGS, MEMORY, TIMEOUTS
from bisector.hunt_file.proposal_text import Draft, Good
from bisector.phases.proposing.run import tried
from bisector.probe.environment import allowed_environment
from bisector.report.atomic_write import atomic_write

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants: None for what the command line leaves open."""

    folder: Path
    output: Path
    symptom: str | None = None
    test: str | None = None
    good: str | None = None
    force: bool = False
    no_try: bool = False
    as_json: bool = False
    verbosity: int = 1


def propose_hunt(wanted: Wanted) -> int:
    """Write a hunt file and try it; returns 1 if an endpoint cannot be judged.

    On a terminal, asks what the command line leaves open. Raises `Interrupted` after the user pressed Ctrl-C.
    """
    _require_sound(wanted)
    with _nothing_if_interrupted(wanted.output):
        return _proposed(wanted)


@contextmanager
def _nothing_if_interrupted(output: Path) -> Iterator[None]:
    """Leave the file as it was if the user interrupts what is done inside."""
    try:
        before = output.read_bytes() if output.is_file() else None
    except OSError as error:
        raise EnvironmentFault(f"cannot read {output} ({error.strerror}); choose another --output") from error
    try:
        yield
    except (KeyboardInterrupt, typer.Abort) as interrupt:
        if before is not None:
            atomic_write(output, before)
        elif output != STDOUT:
            output.unlink(missing_ok=True)
        left = f"{output} is as it was before" if before is not None else "no hunt file was written"
        raise Interrupted(f"interrupted; {left}") from interrupt


def _proposed(wanted: Wanted) -> int:
    console = Console(stderr=wanted.as_json, highlight=False)
    repository = Repository(wanted.folder)
    if wanted.good is not None and wanted.good != hunt_file.AUTO:
        repository.resolve(wanted.good)
    detected, tag = _detected(repository), _newest_tag(repository)
    if console.is_terminal and sys.stdin.isatty() and not wanted.as_json and wanted.output != STDOUT:
        wanted = _asked(wanted, repository, detected, tag)
    draft = _draft(wanted, repository, detected, tag)
    if wanted.output == STDOUT:
        sys.stdout.write(draft.text)
        return 0
    draft = _placed_with_scripts(draft, wanted.output, repository)
    init_words.tell_written(console, repository, wanted.output, draft)
    if wanted.no_try:
        return init_words.answer(console, wanted.output, draft, None, as_json=wanted.as_json)
    describe = functools.cache(lambda commit: repository.infos([commit])[commit])
    with Screen(console, describe, wanted.verbosity) as screen:
        found = tried(draft, lambda draft: _placed(draft, wanted.output), screen)
    return init_words.answer(console, wanted.output, found.draft, found, as_json=wanted.as_json)


def _require_sound(wanted: Wanted) -> None:
    if wanted.symptom is not None and wanted.symptom not in SYMPTOMS:
        raise UsageError(f"--for {wanted.symptom}: choose one of {', '.join(SYMPTOMS)}")
    if wanted.test is not None and not (wanted.test.strip() and wanted.test.isprintable()):
        raise UsageError("--test needs a command on one line")
    if wanted.output != STDOUT and wanted.output.exists() and not wanted.force:
        raise UsageError(
            f"{wanted.output} already exists; overwrite it with --force or choose another with --output"
        )


def _detected(repository: Repository, *, is_tested: bool = False) -> Detected | None:
    head = repository.resolve("HEAD")
    return detect(
        sorted(tracked_files(repository, head)),
        functools.partial(repository.text, head),
        lambda program: shutil.which(program) is not None,
        is_tested=is_tested,
    )


def _asked(wanted: Wanted, repository: Repository, detected: Detected | None, tag: str | None) -> Wanted:
    """What is wanted, with the answers to at most three questions; none if symptom and test are given."""
    if wanted.symptom is not None and wanted.test is not None:
        return wanted
    symptom = wanted.symptom or init_questions.ask_symptom()
    test, good = wanted.test, wanted.good
    own = detected.best.test if detected else None
    # A test suite shows failures. What is slow or large, only the user knows.
    if test is None and (own is None or symptom not in (FAILS, init_questions.FLAKY)):
        test = init_questions.ask_test(own)
    if good is None and tag is None:
        good = init_questions.ask_good(repository)
    return replace(wanted, symptom=symptom, test=test, good=good)


def _draft(wanted: Wanted, repository: Repository, detected: Detected | None, tag: str | None) -> Draft:
    if wanted.test is not None:
        known = _detected(repository, is_tested=True)
        detected = with_test(known, wanted.test, _folder_of_test(wanted))
    if detected is None:
        raise HistoryError(
            f"found no build system or test script at HEAD of {repository.path}; name the test with --test, "
            "or write the hunt file yourself: `good` and `test` are enough"
        )
    symptom = wanted.symptom or FAILS
    beside = Path.cwd() if wanted.output == STDOUT else wanted.output.resolve().parent
    memory = f"{max(1, round(psutil.virtual_memory().total / 2 / _GIB))}GiB" if symptom == MEMORY else ""
    return Draft(
        detected,
        _name(repository, wanted.output),
        os.path.relpath(repository.path, beside),
        symptom=symptom,
        good=_good(wanted, tag),
        timeout=f"{TIMEOUTS[HANGS]}s" if symptom == HANGS else "10m",
        memory=memory,
        passing=_passing(detected, os.environ),
    )


def _folder_of_test(wanted: Wanted) -> str:
    """The folder in which the user would run the test by hand, relative to the top of the repository."""
    values = {"repository": str(wanted.folder), "test.command": wanted.test}
    return str(in_current_folder(values).get("test.folder", "."))


def _good(wanted: Wanted, tag: str | None) -> Good:
    if wanted.good == hunt_file.AUTO:
        return Good(hunt_file.AUTO, "bisector first searches for a good commit.")
    if wanted.good is not None:
        return Good(wanted.good, "Without the regression, as you said.", given=True)
    if tag is None:
        return Good()
    other = f"Or any commit without the regression, or `{hunt_file.AUTO}` to search for one."
    return Good(tag, f"The newest tag before HEAD. {other}")


def _passing(detected: Detected, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Those of the system's variables that the shell has, and that tests would not see."""
    names = [name for wanted in detected.best.variables for name in dict.fromkeys((wanted, wanted.lower()))]
    seen = allowed_environment((), {}, environment)
    return tuple(name for name in names if environment.get(name) and name not in seen)


def _name(repository: Repository, output: Path) -> str:
    own = output.stem if output != STDOUT and output.stem != "hunt" else repository.path.name
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in own).strip("-._")
    return kept or "hunt"


def _newest_tag(repository: Repository) -> str | None:
    """The newest tag on an ancestor of HEAD."""
    try:
        return repository.git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip() or None
    except GitFailure:
        return None


def _placed_with_scripts(draft: Draft, output: Path, repository: Repository) -> Draft:
    """Write the draft, with the scripts that its commands begin with and that not every commit has."""
    hunt = _placed(draft, output).hunt
    scripts = scripts_to_bring(hunt, repository)
    if not scripts:
        return draft
    beside = output.resolve().parent
    for entry in scripts:
        if "file" in entry:
            entry["file"] = os.path.relpath(entry["file"], beside)
    draft = replace(draft, overlay=tuple(scripts))
    _placed(draft, output)
    return draft


def _placed(draft: Draft, output: Path) -> Ground:
    """Write the draft, and load it as a hunt does."""
    try:
        atomic_write(output, draft.text.encode())
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write {output} ({error.strerror}); choose another --output"
        ) from error
    return Ground(hunt_file.load(output), output, os.environ)
