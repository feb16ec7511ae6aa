"""What to do about a hunt that could not begin."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.conclusion import BadIsGood, GoodIsBad, Inconclusive
from bisector.hunt.ground import Ground
from bisector.hunt.missing import missing_names
from bisector.hunt.record import HuntRecord
from bisector.hunt.secrets import without
from bisector.phases.first_try import dependencies, hidden_tools, pipes, programs, surroundings, variables
from bisector.phases.first_try.checkout import Checkout
from bisector.phases.first_try.excerpts import in_trouble
from bisector.predicate import Good
from bisector.probe import command_words
from bisector.probe.reading import Reading

_READ = 64 * 1024
"""Bytes read from the start and the end of a log."""
_MOST = 3
"""Pieces of advice of one kind."""


def advise(record: HuntRecord, ground: Ground) -> list[Advice]:
    """Advice on the endpoints that are not as the user said; empty if all is well.

    The first advice is the likeliest. Nothing is run for it: it compares the commit with the user's checkout
    and shell, and reads what the commands printed.
    """
    found: dict[str, Advice] = {}
    troubled = in_trouble(record)
    for _, reading in troubled:
        for advice in _on(reading, record.bad.id, ground):
            found.setdefault(advice.why, advice)
    if not found and (one_by_one := _one_at_a_time(record, ground)):
        found[one_by_one.written] = one_by_one
    for _, reading in troubled if not found else ():
        if last := variables.advice_on_sources(ground, reading.commit):
            found.setdefault(last.written, last)
    return [one for one in found.values() if without(record.secrets, one.why) == one.why]


def _one_at_a_time(record: HuntRecord, ground: Ground) -> Advice | None:
    """Advice for verdicts that contradict the user or each other, if tests ran at once."""
    open_ended = isinstance(record.conclusion, BadIsGood | GoodIsBad | Inconclusive)
    passed = any(r.commit == record.good[0].id and isinstance(r.judgement, Good) for r in record.readings)
    if ground.hunt.jobs == 1 or ground.ratio is not None or not open_ended or not passed:
        return None
    return advice_to_set(
        f"{ground.hunt.jobs} tests ran at once. If they share a lock, a port or a file outside of their "
        "worktree, one can make the other fail, and a test that bisector cancels may leave its lock behind: "
        "remove that, and run one test at a time",
        "jobs",
        1,
    )


def _on(reading: Reading, bad: str, ground: Ground) -> Iterator[Advice]:
    build = ground.hunt.build if reading.run is None else None
    part = build or ground.hunt.test
    said, named = _said(reading), list(_named(part.command, ground.seen))
    names = [*named, *missing_names(said)]
    installs = dependencies.installs_at(ground, reading.commit)
    installed = [keep for install in installs for keep in install.keeps]
    packages = dependencies.advice_on(ground, installs, said, names)
    checkout = Checkout(ground, reading.commit, bad, part.folder)
    if f"folder {part.folder} does not exist" in reading.judgement.why:
        yield checkout.advice_on_folder(_line(part.command))
        return
    files = _of_files(checkout, [name for name in names if not dependencies.is_below(name, installed)])
    code = reading.run.exit_code if reading.run and not files else None
    source = "\n".join([_line(part.command), *_scripts(ground, reading.commit, part.folder, named)])
    variable = variables.advice_on(ground, said, source)
    yield from filter(None, [packages, *files])
    if reading.commit == bad:
        yield from pipes.advice_on_pipe(ground, reading.run)
    yield from programs.advice_on_scripts(ground, reading.commit, part.folder, named, code)
    yield from programs.advice_on_missing(ground, said)
    yield from hidden_tools.advice_on_hidden(ground, said)
    yield from filter(None, [variable])
    yield from surroundings.advice_on(ground, reading.commit, said)


def _of_files(checkout: Checkout, names: Iterable[str]) -> list[Advice]:
    """Advice on the first of these files that it helps with, each once."""
    found: dict[str, Advice] = {}
    for advice in filter(None, map(checkout.advice_on, names)):
        found.setdefault(advice.written, advice)
        if len(found) == _MOST:
            break
    return list(found.values())


def _named(command: str | tuple[str, ...], environment: Mapping[str, str]) -> Iterator[str]:
    """The words of a command that look like files: with a slash or a suffix, or a script."""
    script = command_words.script(command)
    for word in command_words.words(command, environment):
        name = PurePosixPath(word.folder, word.text).as_posix() if word.folder else word.text
        if "\0" in name or word.written or name.startswith("-"):
            continue
        if "/" in name or PurePosixPath(name).suffix or name == script:
            yield name


def _scripts(ground: Ground, commit: str, folder: str, named: list[str]) -> Iterator[str]:
    """The text of the files that a command names, from its commit."""
    for name in named:
        path = PurePosixPath(folder, name).as_posix().removeprefix("./")
        yield ground.repository.text(commit, path)


def _said(reading: Reading) -> str:
    """What the command printed, from its log, and the reason of the judgement."""
    why = reading.judgement.why
    if reading.log is None or not reading.log.is_file():
        return why
    with reading.log.open("rb") as file:
        text = file.read(_READ)
        if file.seek(0, 2) > 2 * _READ:
            file.seek(-_READ, 2)
        else:
            file.seek(len(text))
        text += file.read(_READ)
    return f"{text.decode(errors='replace')}\n{why}"


def _line(command: str | tuple[str, ...]) -> str:
    return command if isinstance(command, str) else shlex.join(command)
