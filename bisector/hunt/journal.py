"""The journal: the durable record of every reading, in SQLite. All else is derived from it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bisector.errors import EnvironmentFault
from bisector.hunt import stored
from bisector.hunt.conclusion import Conclusion
from bisector.probe.reading import Reading

SCHEMA_VERSION = 2

_SCHEMA = """
create table hunts (
  id integer primary key,
  key text not null unique,          -- what the hunt is: repository, endpoints, commands, predicate
  name text not null,
  document text not null,            -- the hunt as JSON
  started text not null,             -- ISO 8601, UTC
  finished text,
  conclusion text                    -- JSON, null while the hunt goes on
);
create table readings (
  id integer primary key,
  hunt integer not null references hunts (id) on delete cascade,
  commit_id text not null,
  role text not null,
  against text not null,             -- the commit whose build was the reference; '' for an unpaired reading
  judgement text not null,           -- JSON
  run text, reference text,          -- JSON; null where the commit did not get as far as its test
  build_seconds real not null,
  log text,
  at text not null,
  digest text not null,              -- SHA-256 of the built outputs, '' where unknown
  reference_digest text not null
);
create index readings_of_hunt on readings (hunt, id);
"""
_RESULTS = """
create table results (
  id integer primary key,
  phase text not null,               -- quantify, diagnose, verify, alarm, deadlines
  key text not null,                 -- what the result depends on: same key, same question
  at text not null,                  -- ISO 8601, UTC
  document text not null             -- JSON
);
create index results_of_phase on results (phase, key, at)
"""
_MIGRATIONS = (_SCHEMA, _RESULTS)
"""What brings a journal from one schema version to the next."""


@dataclass(frozen=True, slots=True)
class HuntRow:
    """One hunt as the journal knows it; `document` is the hunt file's content as JSON values."""

    id: int
    key: str
    name: str
    document: Mapping[str, object]
    started: datetime
    finished: datetime | None
    conclusion: Conclusion | None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What a phase beside the hunt found; `document` is what the phase keeps of it, as JSON values."""

    phase: str
    key: str
    at: datetime
    document: Mapping[str, Any]


class Journal:
    """The journal in the SQLite file `path`, made when missing.

    Each write is on disk when its method returns. Raises `EnvironmentFault` where the file cannot be
    used: not writable, not a journal, or from a newer bisector.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection.execute("pragma foreign_keys = on")
            self._connection.execute("pragma synchronous = full")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise EnvironmentFault(
                f"the journal {path} cannot be used ({error}); move it away, or choose another `scratch`"
            ) from error

    def close(self) -> None:
        """Close the file; the journal is not used afterwards."""
        self._connection.close()

    def begin(self, key: str, name: str, document: Mapping[str, object]) -> HuntRow:
        """The hunt with this key: a new one, or the one that an earlier start left."""
        with self._writing() as connection:
            connection.execute(
                "insert into hunts (key, name, document, started) values (?, ?, ?, ?)"
                " on conflict (key) do update set name = excluded.name, document = excluded.document",
                (key, name, json.dumps(document), _now()),
            )
        return next(row for row in self.hunts() if row.key == key)

    def forget(self, hunt: int) -> None:
        """Drop a hunt and all its readings."""
        with self._writing() as connection:
            connection.execute("delete from hunts where id = ?", (hunt,))

    def add(self, hunt: int, reading: Reading) -> None:
        """Write one reading."""
        with self._writing() as connection:
            connection.execute(
                "insert into readings (hunt, commit_id, role, against, judgement, run, reference,"
                " build_seconds, log, at, digest, reference_digest)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (hunt, *stored.reading_to_row(reading)),
            )

    def conclude(self, hunt: int, conclusion: Conclusion | None) -> None:
        """Write how the hunt ended; None for one that goes on."""
        ended = (json.dumps(stored.conclusion_to_json(conclusion)), _now()) if conclusion else (None, None)
        with self._writing() as connection:
            connection.execute("update hunts set conclusion = ?, finished = ? where id = ?", (*ended, hunt))

    def readings(self, hunt: int) -> list[Reading]:
        """All readings of a hunt, oldest first."""
        rows = self._connection.execute(
            "select commit_id, role, against, judgement, run, reference, build_seconds, log, at,"
            " digest, reference_digest from readings where hunt = ? order by id",
            (hunt,),
        )
        return [stored.reading_from_row(row) for row in rows]

    def hunts(self) -> list[HuntRow]:
        """All hunts, the one started last first."""
        rows = self._connection.execute(
            "select id, key, name, document, started, finished, conclusion from hunts order by id desc"
        )
        return [
            HuntRow(
                id=row[0],
                key=row[1],
                name=row[2],
                document=json.loads(row[3]),
                started=datetime.fromisoformat(row[4]),
                finished=datetime.fromisoformat(row[5]) if row[5] else None,
                conclusion=stored.conclusion_from_json(json.loads(row[6])) if row[6] else None,
            )
            for row in rows
        ]

    def add_result(self, phase: str, key: str, document: Mapping[str, Any]) -> None:
        """Write what a phase found."""
        with self._writing() as connection:
            connection.execute(
                "insert into results (phase, key, at, document) values (?, ?, ?, ?)",
                (phase, key, _now(), json.dumps(document)),
            )

    def results(
        self, phase: str | None = None, key: str | None = None, since: datetime | None = None
    ) -> list[ResultRow]:
        """What phases found, oldest first: of one phase, one key, from a time on (with a time zone)."""
        earliest = since.astimezone(UTC).isoformat(timespec="milliseconds") if since else ""
        rows = self._connection.execute(
            "select phase, key, at, document from results"
            " where phase = coalesce(?, phase) and key = coalesce(?, key) and at >= ? order by id",
            (phase, key, earliest),
        )
        return [
            ResultRow(phase, key, datetime.fromisoformat(at), json.loads(document))
            for phase, key, at, document in rows
        ]

    def _migrate(self) -> None:
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise EnvironmentFault(
                f"the journal {self.path} was written by a newer bisector (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); upgrade bisector, or choose another `scratch`"
            )
        if version < SCHEMA_VERSION:
            with self._writing() as connection:
                # Another process may have migrated it meanwhile.
                (version,) = connection.execute("pragma user_version").fetchone()
                for migration in _MIGRATIONS[version:]:
                    for statement in migration.split(";\n"):
                        connection.execute(statement)
                connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("begin immediate")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
