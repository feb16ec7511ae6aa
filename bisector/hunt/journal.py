"""The journal: the durable record of every reading, in SQLite. Everything else is derived from it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bisector.errors import EnvironmentFault
from bisector.hunt import stored
from bisector.hunt.conclusion import Conclusion
from bisector.hunt.journal_schema import MIGRATIONS, SCHEMA_VERSION
from bisector.hunt.known import Known
from bisector.probe.reading import KnownUntestable, Reading

_REMEDIES = {
    sqlite3.SQLITE_FULL: "free some space",
    sqlite3.SQLITE_IOERR: "check its disk",
    sqlite3.SQLITE_BUSY: "wait for the other process that uses it",
    sqlite3.SQLITE_READONLY: "fix its permissions",
    sqlite3.SQLITE_CANTOPEN: "fix its permissions",
}
"""What to do about primary result codes (https://sqlite.org/rescode.html); all others mean damage."""

_WITHIN = "within"
"""The field of a stored document for `HuntRow.within`."""


@dataclass(frozen=True, slots=True)
class HuntRow:
    """One hunt in the journal; `document` is the hunt file's content as JSON values."""

    id: int
    key: str
    name: str
    document: Mapping[str, object]
    started: datetime
    finished: datetime | None
    conclusion: Conclusion | None
    recipe: Mapping[str, str] = field(default_factory=dict)
    """Digests of what went into the key, by name; empty if an earlier version wrote the row."""
    within: str = ""
    """The key of the hunt from whose answer this one leads down; '' for a hunt that the user began."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The result of a phase other than the hunt; `document` is its content as JSON values."""

    phase: str
    key: str
    at: datetime
    document: Mapping[str, Any]


class Journal:
    """The journal in the SQLite file `path`, created if missing.

    Each write is on disk when its method returns. Every method raises `EnvironmentFault` if the file cannot
    be used: not writable, disk full, damaged, not a journal, or written by a newer bisector.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path)
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection.execute("pragma foreign_keys = on")
            self._connection.execute("pragma synchronous = full")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file; do not use the journal afterwards."""
        self._connection.close()

    def begin(
        self,
        key: str,
        name: str,
        document: Mapping[str, object],
        recipe: Mapping[str, str] | None = None,
        within: str = "",
    ) -> HuntRow:
        """The hunt with this key: the one of an earlier start, or a new one.

        A hunt that the user once began stays so, also if it is `within` another one.
        """
        row = self.find(key)
        within = "" if row is not None and not row.within else within
        said = json.dumps({**document, **({_WITHIN: within} if within else {})})
        # A write waits for the disk; a single probe need not wait if nothing changes.
        same = (name, json.loads(json.dumps(document)), within)
        if row is not None and (row.name, row.document, row.within) == same:
            return row
        with self._writing() as connection:
            connection.execute(
                "insert into hunts (key, name, document, started, recipe) values (?, ?, ?, ?, ?)"
                " on conflict (key) do update set name = excluded.name, document = excluded.document",
                (key, name, said, _now(), json.dumps(recipe or {})),
            )
        return next(iter(self._hunts(" where key = ?", key)))

    def find(self, key: str) -> HuntRow | None:
        """The hunt with this key; None if it has not begun."""
        return next(iter(self._hunts(" where key = ?", key)), None)

    def forget(self, hunt: int) -> None:
        """Drop a hunt and all its readings."""
        with self._writing() as connection:
            connection.execute("delete from hunts where id = ?", (hunt,))

    def add(self, hunt: int, found: Reading | KnownUntestable) -> None:
        """Write one reading, or a commit known to be untestable without one."""
        if not isinstance(found, KnownUntestable):
            self.add_all({hunt: [found]})
            return
        with self._writing() as connection:
            connection.execute(
                "insert into untestable (hunt, commit_id, why, at, seconds) values (?, ?, ?, ?, ?)",
                (hunt, found.commit, found.why, found.at.isoformat(), found.seconds),
            )

    def add_all(self, found: Mapping[int, Sequence[Reading]]) -> None:
        """Write readings of several hunts, by the hunts' ids: all of them or, after a fault, none."""
        with self._writing() as connection:
            connection.executemany(
                "insert into readings (hunt, commit_id, role, against, judgement, run, reference,"
                " build_seconds, log, at, digest, reference_digest, build, shared, about, clean, fix_ups)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(hunt, *stored.reading_to_row(one)) for hunt, taken in found.items() for one in taken],
            )

    def conclude(self, hunt: int, conclusion: Conclusion | None) -> None:
        """Write how the hunt ended; None if it goes on."""
        ended = (json.dumps(stored.conclusion_to_json(conclusion)), _now()) if conclusion else (None, None)
        with self._writing() as connection:
            connection.execute("update hunts set conclusion = ?, finished = ? where id = ?", (*ended, hunt))

    def readings(self, hunt: int) -> list[Reading]:
        """The hunt's readings that count, oldest first."""
        with self._reading():
            return [reading for _, reading in self._counting(hunt)]

    def known(self, hunt: int) -> Known:
        """Everything known about a hunt: its readings that count, and commits known to be untestable."""
        return Known(tuple(self.readings(hunt)), tuple(self._untestable(hunt)))

    def taken(self, hunt: int) -> int:
        """Number of readings ever taken for a hunt, including those put aside."""
        with self._reading() as connection:
            rows = connection.execute("select count(*) from readings where hunt = ?", (hunt,))
            return int(rows.fetchone()[0])

    def counts(self, hunt: int) -> tuple[int, int, int]:
        """Numbers of all readings of a hunt, of those put aside, and of commits known to be untestable."""
        with self._reading() as connection:
            (found,) = connection.execute(
                "select (select count(*) from readings where hunt = ?),"
                " (select count(*) from readings where hunt = ? and aside != ''),"
                " (select count(*) from untestable where hunt = ?)",
                (hunt,) * 3,
            )
            return int(found[0]), int(found[1]), int(found[2])

    def put_aside(self, hunt: int, counts: Callable[[Reading | KnownUntestable], bool]) -> None:
        """Keep only what `counts` accepts; everything else of the hunt no longer counts.

        If no reading is left, the hunt starts now.
        """
        with self._reading():
            gone = [identity for identity, reading in self._counting(hunt) if not counts(reading)]
            doubtful = [fact.commit for fact in self._untestable(hunt) if not counts(fact)]
        if doubtful:
            with self._writing() as connection:
                connection.executemany(
                    "delete from untestable where hunt = ? and commit_id = ?",
                    [(hunt, one) for one in doubtful],
                )
        if gone:
            with self._writing() as connection:
                now = _now()
                connection.executemany(
                    "update readings set aside = ? where id = ?", [(now, identity) for identity in gone]
                )
                connection.execute(
                    "update hunts set started = ? where id = ? and not exists"
                    " (select 1 from readings where hunt = hunts.id and aside = '')",
                    (now, hunt),
                )

    def hunts(self) -> list[HuntRow]:
        """All hunts, newest first."""
        return self._hunts()

    def _hunts(self, where: str = "", *values: str) -> list[HuntRow]:
        """The hunts for which the condition holds, newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "select id, key, name, document, started, finished, conclusion, recipe from hunts"
                f"{where} order by id desc",
                values,
            )
            return [
                HuntRow(
                    id=row[0],
                    key=row[1],
                    name=row[2],
                    document={k: v for k, v in json.loads(row[3]).items() if k != _WITHIN},
                    within=json.loads(row[3]).get(_WITHIN, ""),
                    started=datetime.fromisoformat(row[4]),
                    finished=datetime.fromisoformat(row[5]) if row[5] else None,
                    conclusion=stored.conclusion_from_json(json.loads(row[6])) if row[6] else None,
                    recipe=json.loads(row[7]),
                )
                for row in rows
            ]

    def add_result(self, phase: str, key: str, document: Mapping[str, Any]) -> None:
        """Write the result of a phase."""
        with self._writing() as connection:
            connection.execute(
                "insert into results (phase, key, at, document) values (?, ?, ?, ?)",
                (phase, key, _now(), json.dumps(document)),
            )

    def results(
        self, phase: str | None = None, key: str | None = None, since: datetime | None = None
    ) -> list[ResultRow]:
        """Results of phases, oldest first; filtered by phase, key and earliest time (with a time zone)."""
        earliest = since.astimezone(UTC).isoformat(timespec="milliseconds") if since else ""
        with self._reading() as connection:
            rows = connection.execute(
                "select phase, key, at, document from results"
                " where phase = coalesce(?, phase) and key = coalesce(?, key) and at >= ? order by id",
                (phase, key, earliest),
            )
            return [
                ResultRow(phase, key, datetime.fromisoformat(at), json.loads(document))
                for phase, key, at, document in rows
            ]

    def _untestable(self, hunt: int) -> list[KnownUntestable]:
        with self._reading() as connection:
            rows = connection.execute(
                "select commit_id, why, at, seconds from untestable where hunt = ? order by id", (hunt,)
            )
            return [
                KnownUntestable(commit, why, datetime.fromisoformat(at), seconds)
                for commit, why, at, seconds in rows
            ]

    def _counting(self, hunt: int) -> list[tuple[int, Reading]]:
        """The readings that count, with their row ids."""
        rows = self._connection.execute(
            "select id, commit_id, role, against, judgement, run, reference, build_seconds, log, at, digest,"
            " reference_digest, build, shared, about, clean, fix_ups from readings"
            " where hunt = ? and aside = '' order by id",
            (hunt,),
        )
        return [(row[0], stored.reading_from_row(row[1:])) for row in rows]

    def _migrate(self) -> None:
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise EnvironmentFault(
                f"the journal {self.path} was written by a newer bisector (schema {version}; this version "
                f"supports up to {SCHEMA_VERSION}); upgrade bisector, or choose another `scratch`"
            )
        if version < SCHEMA_VERSION:
            with self._writing() as connection:
                # Another process may have migrated it in the meantime.
                (version,) = connection.execute("pragma user_version").fetchone()
                for migration in MIGRATIONS[version:]:
                    for statement in migration.split(";\n"):
                        connection.execute(statement)
                connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EnvironmentFault(
                f"the journal {self.path} is damaged ({type(error).__name__}: {error}); "
                "move it away, or choose another `scratch`"
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("begin immediate")
            yield self._connection
            self._connection.execute("commit")
        except BaseException as error:
            # After some errors, such as a full disk, SQLite has already rolled back.
            with suppress(sqlite3.Error):
                self._connection.execute("rollback")
            if isinstance(error, sqlite3.Error):
                raise self._unusable(error) from error
            raise

    def _unusable(self, error: OSError | sqlite3.Error) -> EnvironmentFault:
        remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "move it away")
        return EnvironmentFault(
            f"the journal {self.path} cannot be used ({error}); {remedy}, or choose another `scratch`"
        )


def _create(path: Path) -> None:
    """Create the file for the user alone, because it has what tests printed; one that exists stays as it is.

    SQLite gives its other files the same permissions. A file that exists must not even be opened here:
    closing it would release the locks that SQLite holds on it in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
