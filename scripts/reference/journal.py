"""docs/reference/journal.md, from the schema of a new journal."""

from __future__ import annotations

import dataclasses
import sqlite3
import tempfile
from collections.abc import Collection
from enum import Enum
from pathlib import Path

from bisector.hunt import conclusion as endings
from bisector.hunt.journal import SCHEMA_VERSION, Journal
from bisector.hunt.stored import NOT_KEPT
from bisector.predicate import Contention, Run
from bisector.probe.reading import BuildKind, Role

_PAGE = """\
# Journal

<!-- Written by scripts/write_reference.py from the schema in the code; do not edit. -->

The journal is the SQLite file `journal.sqlite` in the `scratch` folder. It holds the readings of all hunts
there. bisector writes a reading to disk before it takes the next step, and derives everything else
(posterior, conclusion, reports) from the readings. A killed hunt therefore continues where it stopped.
Open the journal read-only, or open a copy of it, with any SQLite program:

```sh
sqlite3 -readonly worktrees/journal.sqlite 'select commit_id, role, judgement from readings order by id'
```

If another program reads your hunts, use `bisector run --json` and `bisector status --json` instead: the
schema below may change between versions of bisector. This is version {version} (`pragma user_version`).
bisector upgrades an older journal when it opens it, and refuses a newer one.

```sql
{schema}
```

## What the columns hold

| Column | Content |
|---|---|
| `hunts.document` | the [hunt file](hunt-file.md) with all defaults filled in: \
durations in seconds, sizes in bytes, `good` and `bad` as full commit ids |
| `hunts.recipe` | digests of what went into the key, by name |
| `hunts.conclusion` | `conclusion` ({kinds}) and its fields |
| `readings.role` | {roles} |
| `readings.build` | {builds}: how the commit was built; `none` if \
it was built already or the hunt has no build |
| `readings.shared` | the commit with the same bytes whose run this is; empty if this commit was run itself |
| `readings.fix_ups` | the changes of the overlay without which the commit does not build |
| `readings.about` | the commit that a confirmation is about, also for readings of its parents |
| `untestable` | commits that need no reading: a prefetched build failed before they were needed |
| `readings.aside` | when the reading stopped counting; empty if it counts |
| `readings.judgement` | `kind` (`Good`, `Bad`, `Untestable`, `Undecided` or `Measured`), `why`, and \
for `Measured` the `value` |
| `readings.run`, `readings.reference` | {run}; times in seconds, memory in bytes |
| `contention` in these | {contention} |
| `results.document` | the result of a phase; each phase has its own format |

All timestamps are in UTC. `results` holds the results of `quantify`,
`diagnose`, `verify`, `alarm` and `deadlines`.
"""


def journal_markdown() -> str:
    """The whole page."""
    kinds = [kind.name for kind in vars(endings).values() if hasattr(kind, "exit_code")]
    return _PAGE.format(
        version=SCHEMA_VERSION,
        schema=_schema(),
        roles=_values(Role),
        builds=_values(BuildKind),
        kinds=", ".join(f"`{name}`" for name in kinds),
        run=_fields(Run, NOT_KEPT),
        contention=_fields(Contention),
    )


def _schema() -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        Journal(path).close()
        connection = sqlite3.connect(path)
        rows = connection.execute("select sql from sqlite_master where sql is not null order by rowid")
        statements = [sql.strip() for (sql,) in rows]
        connection.close()
    return "\n".join(f"{statement};" for statement in statements)


def _values(kind: type[Enum]) -> str:
    return ", ".join(f"`{member.value}`" for member in kind)


def _fields(kind: type, left_out: Collection[str] = ()) -> str:
    names = [field.name for field in dataclasses.fields(kind) if field.name not in left_out]
    return ", ".join(f"`{name}`" for name in names)
