"""docs/reference/journal.md, from the schema of a journal that was just made."""

from __future__ import annotations

import dataclasses
import sqlite3
import tempfile
from pathlib import Path

from bisector.hunt import conclusion as endings
from bisector.hunt.journal import SCHEMA_VERSION, Journal
from bisector.predicate import Contention, Run

_PAGE = """\
# Journal

<!-- Written by scripts/write_reference.py from the schema in the code; do not edit. -->

Every hunt is kept in `journal.sqlite` in its `scratch` folder, an SQLite file. A reading is on disk before
the next step begins; belief, conclusion and reports are derived from the readings, which is why a hunt that
was killed goes on. Look at it with any SQLite program, in a copy or read-only:

```sh
sqlite3 -readonly worktrees/journal.sqlite 'select commit_id, role, judgement from readings order by id'
```

To read hunts from another program, prefer `bisector run --json` and `bisector status --json`: the schema
below may change with a version of bisector. It has the version {version}, kept in `pragma user_version`; an
older journal is brought up to date when it is opened, a newer one is refused.

```sql
{schema}
```

## Values in JSON

| Column | Holds |
|---|---|
| `hunts.document` | the [hunt file](hunt-file.md) with all defaults filled in, \
durations in seconds and sizes in bytes; `good` and `bad` as full commit ids |
| `hunts.recipe` | digests of what went into the key, by name |
| `hunts.conclusion` | `conclusion` ({kinds}) and the fields of that conclusion |
| `readings.judgement` | `kind` (`Good`, `Bad`, `Untestable`, `Undecided` or `Measured`), `why`, and \
for `Measured` the `value` |
| `readings.run`, `readings.reference` | {run}; times in seconds, memory in bytes |
| `contention` in these | {contention} |
| `results.document` | what a phase keeps: its own business |

All times of day are in UTC. `results` holds what `quantify`, `diagnose`, `verify`, `alarm` and `deadlines`
found.
"""


def journal_markdown() -> str:
    """The whole page."""
    kinds = [kind.name for kind in vars(endings).values() if hasattr(kind, "exit_code")]
    return _PAGE.format(
        version=SCHEMA_VERSION,
        schema=_schema(),
        kinds=", ".join(f"`{name}`" for name in kinds),
        run=_fields(Run),
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


def _fields(kind: type) -> str:
    return ", ".join(f"`{field.name}`" for field in dataclasses.fields(kind))
