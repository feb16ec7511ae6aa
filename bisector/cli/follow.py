"""`bisector status --follow`: prints the readings of a running hunt as they arrive."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from bisector.cli.looking import ground_of
from bisector.cli.options import Chosen
from bisector.cli.rows import numbered_row, print_row
from bisector.cli.standing import Standing
from bisector.cli.status import chosen_scratch, journal_in, name_in, names_only_a_place
from bisector.history.private import private_in
from bisector.hunt.conclusion import name_of
from bisector.hunt.ground import Ground
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.known import Known
from bisector.hunt.planning import plan_of
from bisector.hunt.scratch import Scratch, holder
from bisector.hunt_file import AUTO
from bisector.probe.reading import Reading, Role
from bisector.report.findings import Side, counted, side_by
from bisector.report.safe_text import visible


def follow_hunt(chosen: Chosen, pause: Callable[[], None]) -> None:
    """Print a line for each new reading of the hunt that runs (of the chosen one, if any) until it ends.

    `pause` waits between two looks at the journal.
    """
    scratch = chosen_scratch(chosen)
    journal = journal_in(scratch)
    name = name_in(chosen) if names_only_a_place(chosen) else chosen.ground().hunt.hunt
    console = Console(highlight=False)
    row = _running(journal, scratch, name)
    if row is None:
        _say(console, f"no {f'hunt {name}' if name else 'hunt'} is running in {scratch.root}")
    while row is not None:
        _follow(console, journal, scratch, row, pause)
        row = _running(journal, scratch, name)


def _running(journal: Journal, scratch: Scratch, name: str | None) -> HuntRow | None:
    """The newest hunt that runs; with `name`, only one of that name, or its search for a good commit."""
    rows = [row for row in journal.hunts() if name is None or row.name in (name, f"{name} (walk back)")]
    return next((row for row in rows if scratch.is_running(row.key)), None)


def _follow(
    console: Console, journal: Journal, scratch: Scratch, row: HuntRow, pause: Callable[[], None]
) -> None:
    """Follow one hunt to its end."""
    taken, seen = journal.taken(row.id), _readings(journal, row)
    process = holder(scratch.lock(row.key))
    _say(console, f"following {row.name}, {process}: {counted(len(seen), 'reading')} so far")
    ground = ground_of(row)
    if row.within:
        # Its commits may be bisector's own.
        private_in(scratch.repositories, ground.repository).refresh()
    side, repository, terms = _sides(ground, seen), ground.repository, ground.hunt.kinds
    goes_on = True
    while goes_on:
        pause()
        goes_on = scratch.is_running(row.key)
        before, taken = taken, journal.taken(row.id)
        # Reading the whole journal each time would disturb what is measured.
        readings = _readings(journal, row) if taken > before else seen
        for number, reading in enumerate(readings, 1):
            if reading not in seen:
                info = repository.infos([reading.commit])[reading.commit]
                print_row(console, numbered_row(f"{number:>4}", info, reading, side(reading), terms))
        seen = readings
    ended = next((one.conclusion for one in journal.hunts() if one.id == row.id), None)
    state = name_of(ended, fix=terms.better) if ended else "stopped"
    _say(console, f"{row.name}: {state}")


def _readings(journal: Journal, row: HuntRow) -> list[Reading]:
    """The hunt's own readings, as reports number them."""
    return [reading for reading in journal.readings(row.id) if reading.role is not Role.VERIFICATION]


def _sides(ground: Ground, readings: list[Reading]) -> Callable[[Reading], Side]:
    """What gives each new reading its side; a search for a good commit has no range."""
    if AUTO in ground.hunt.before:
        return lambda reading: side_by([reading], 1.0, None)
    standing = Standing(plan_of(ground, ground.hunt.before), Known(tuple(readings)))

    def side(reading: Reading) -> Side:
        standing.add(reading)
        return standing.side([reading])

    return side


def _say(console: Console, text: str) -> None:
    console.print(Text(visible(text), style="bold"), soft_wrap=True)
