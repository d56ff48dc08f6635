"""The tables of a study's index, and the order of names in them."""

from __future__ import annotations

import re
import sqlite3

VERSION = 2
"""Another one makes an index anew."""

TABLES = """
CREATE TABLE items (
  item INTEGER PRIMARY KEY,
  case_id TEXT NOT NULL,
  reading TEXT NOT NULL,
  sort TEXT NOT NULL,
  name TEXT NOT NULL,
  patient TEXT NOT NULL, eye TEXT NOT NULL, visit TEXT NOT NULL, phase TEXT NOT NULL,
  added TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'new',
  grader TEXT NOT NULL DEFAULT '',
  assigned TEXT NOT NULL DEFAULT '',
  claimed_by TEXT NOT NULL DEFAULT '',
  claimed_until REAL NOT NULL DEFAULT 0,
  heads TEXT NOT NULL DEFAULT '',
  seconds REAL NOT NULL DEFAULT 0,
  answered REAL NOT NULL DEFAULT 0,
  UNIQUE (case_id, reading)
);
CREATE INDEX items_sort ON items (sort, item);
CREATE INDEX items_status ON items (status, sort, item);
CREATE INDEX items_patient ON items (patient, sort, item);
CREATE INDEX items_assigned ON items (assigned, sort, item);
CREATE INDEX items_grader ON items (grader, sort, item);
CREATE INDEX items_answered ON items (answered, item);
CREATE INDEX items_added ON items (added, item);
CREATE INDEX items_seconds ON items (seconds, item);
CREATE INDEX items_claimed ON items (claimed_until) WHERE claimed_until > 0;
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  folder TEXT NOT NULL,
  case_id TEXT NOT NULL,
  reading TEXT NOT NULL,
  event TEXT NOT NULL,
  grader TEXT NOT NULL,
  details TEXT NOT NULL,
  at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX events_folder ON events (folder);
CREATE INDEX events_item ON events (case_id, reading, number, id);
CREATE TABLE folders (
  folder TEXT PRIMARY KEY, changed INTEGER NOT NULL, seen REAL NOT NULL
);
"""


def natural_text(name: str) -> str:
    """Write a name so that plain text order puts "frame 2" before "frame 10"."""
    return re.sub(
        r"[0-9]+", lambda found: found[0].lstrip("0").zfill(12), name.casefold()
    )


def connect(file: str) -> sqlite3.Connection:
    """Open an index, with its tables.

    Parameters
    ----------
    file : str
        Its file, or ":memory:".

    Raises
    ------
    sqlite3.Error
        If it is damaged, of another version, or cannot be written.
    """
    database = sqlite3.connect(file, timeout=10.0)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}")
        # It can be made anew: losing its last second is no harm.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        if version == 0:
            database.executescript(
                f"BEGIN;{TABLES}PRAGMA user_version = {VERSION};COMMIT;"
            )
        database.execute("SELECT count(*) FROM folders")
    except sqlite3.Error:
        database.close()
        raise
    return database
