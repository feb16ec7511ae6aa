"""The tables of the journal, and the migrations of older journals."""

SCHEMA_VERSION = 7

_SCHEMA = """
create table hunts (
  id integer primary key,
  key text not null unique,          -- identifies the hunt: repository, endpoints, commands, predicate
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
  run text, reference text,          -- JSON; null if the commit did not reach its test
  build_seconds real not null,
  log text,
  at text not null,
  digest text not null,              -- SHA-256 of the built outputs, '' if unknown
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
_SAMENESS = """
-- how the commit was built
alter table readings add column build text not null default 'none';
-- the byte-identical commit whose run this is; '' if the commit was run itself
alter table readings add column shared text not null default '';
-- the commit that a confirmation is about
alter table readings add column about text not null default ''
"""
_IDENTITY = """
-- digests of what went into the key, by name, as JSON
alter table hunts add column recipe text not null default '{}';
-- when the reading was put aside, because its cause may have been fixed; '' while it counts
alter table readings add column aside text not null default ''
"""
_UNTESTABLE = """
create table untestable (
  id integer primary key,
  hunt integer not null references hunts (id) on delete cascade,
  commit_id text not null,           -- its prefetched build failed before a reading was requested
  why text not null,
  at text not null,                  -- ISO 8601, UTC
  seconds real not null              -- how long the failed builds took
);
insert into untestable (hunt, commit_id, why, at, seconds)
  select hunt, commit_id, json_extract(judgement, '$.why'), at, build_seconds from readings
  where build = 'ahead' and aside = '';
delete from readings where build = 'ahead'
"""
_CLEAN = """
-- whether everything that ran was built clean
alter table readings add column clean integer not null default 0;
update readings set clean = 1 where role = 'confirmation' or about <> ''
"""
_FIX_UPS = """
-- the changes of the overlay without which the commit does not build
alter table readings add column fix_ups text not null default ''
"""
MIGRATIONS = (_SCHEMA, _RESULTS, _SAMENESS, _IDENTITY, _UNTESTABLE, _CLEAN, _FIX_UPS)
"""Each entry migrates a journal from one schema version to the next."""
