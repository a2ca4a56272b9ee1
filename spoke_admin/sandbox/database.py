"""The one database file of a stand-in service: opened by one process at a time, readable by its owner only."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spoke_admin.domain.error import AdminError

FILE_NAME = "service.db"
APPLICATION_ID = 0x53504F4B  # "SPOK"
VERSION = 3

CHECKED_SECONDS = 0.3  # a large file is looked through as far as this reaches: nobody waits for a whole one to start
CHECK_STEPS = 10_000  # virtual machine steps of SQLite between two looks at the clock
PAGES_IN_LOG = 4_000  # of 4 KiB, before the write-ahead log is taken into the file
CACHE_KIB = 64 * 1024  # what a search goes through at 100,000 users stays in memory

# A resource is its document as clients see it, without "meta", "groups" and "members", which are made of the columns
# and of who is a member of what. user_name, external_id and display_name are in the form they are compared in, label is
# as written.
SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE token (
    digest TEXT PRIMARY KEY, last4 TEXT NOT NULL, created TEXT NOT NULL, ends TEXT
) WITHOUT ROWID;
CREATE TABLE resource (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    user_name TEXT,
    external_id TEXT,
    display_name TEXT,
    label TEXT,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX unique_user_name ON resource (type, user_name) WHERE user_name IS NOT NULL;
CREATE INDEX by_type ON resource (type, place);
CREATE INDEX by_external_id ON resource (type, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX by_display_name ON resource (type, display_name) WHERE display_name IS NOT NULL;
CREATE TABLE member (
    group_place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    member_id TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (group_place, number)
) WITHOUT ROWID;
CREATE INDEX by_member ON member (member_id, group_place);
CREATE TABLE write (number INTEGER NOT NULL);
INSERT INTO write VALUES (0);
"""


class Database:
    """A connection that holds its file alone until it is closed or the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Opens or makes the database in `folder`. Raises AdminError: in use, damaged, of another kind or version."""
        _own_folder(folder)
        path = folder / FILE_NAME
        self.fresh = not path.exists()
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        except (OSError, sqlite3.Error) as fault:
            raise _no_access(path, str(fault)) from None
        try:
            self._prepare(path)
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        try:
            # taken before the first read and kept: a second process is told "locked" instead of sharing the file
            self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("BEGIN EXCLUSIVE")
            self.connection.execute("COMMIT")
            self.connection.execute("PRAGMA synchronous = NORMAL")  # survives a kill; WAL keeps the file whole
            self.connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_IN_LOG}")
            self.connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self._check_kind(path)
        except sqlite3.OperationalError as fault:
            if "locked" in str(fault):
                raise AdminError(
                    f"The folder {path.parent} is used by a stand-in that is running.",
                    "End that one first, or choose another folder with --data.",
                ) from None
            raise _no_access(path, str(fault)) from None
        except sqlite3.DatabaseError as fault:
            raise _damaged(path, str(fault)) from None

    def _check_kind(self, path: Path) -> None:
        kind = self._pragma("application_id")
        version = self._pragma("user_version")
        tables = self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables == 0:
            self.fresh = True
            with self.transaction():
                for statement in SCHEMA.split(";"):
                    self.connection.execute(statement)
                self.connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self.connection.execute(f"PRAGMA user_version = {VERSION}")
            return
        if kind != APPLICATION_ID:
            raise _damaged(path, "it is a database of another program")
        if version != VERSION:
            raise AdminError(
                f"The data in {path.parent} was written by another version of Spoke Admin.",
                "Use that version, or choose another folder with --data.",
                f"format {version}, this version reads {VERSION}",
            )
        if (result := self._looked_through()) != "ok":
            raise _damaged(path, result)

    def _looked_through(self) -> str:
        """What is wrong with the file, "ok" when nothing was found in the time there is."""
        until = time.monotonic() + CHECKED_SECONDS
        self.connection.set_progress_handler(lambda: time.monotonic() > until, CHECK_STEPS)
        try:
            return str(self.connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.OperationalError as fault:
            if "interrupted" in str(fault):
                return "ok"
            raise
        finally:
            self.connection.set_progress_handler(None, 0)

    def _pragma(self, name: str) -> int:
        value: int = self.connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. A transaction inside another belongs to the outer one."""
        if self.connection.in_transaction:
            yield self.connection
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def next_number(self) -> int:
        """A number that no write before it had, in this process or an earlier one."""
        with self.transaction() as connection:
            number: int = connection.execute("UPDATE write SET number = number + 1 RETURNING number").fetchone()[0]
        return number

    def close(self) -> None:
        self.connection.close()


def _own_folder(folder: Path) -> None:
    """Makes the folder, for its owner only. A folder that holds something else keeps its rights; our files are 0600."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = {entry.name for entry in folder.iterdir()}
        if not entries or FILE_NAME in entries:
            folder.chmod(0o700)
    except OSError as fault:
        raise _no_access(folder, fault.strerror or str(fault)) from None


def _no_access(path: Path, reason: str) -> AdminError:
    return AdminError(
        f"The stand-in's data cannot be kept at {path}.", "Choose a folder you may write to with --data.", reason
    )


def _damaged(path: Path, reason: str) -> AdminError:
    return AdminError(
        f"The stand-in's database {path} is damaged.",
        "Move the file away or choose another folder with --data; a stand-in starts afresh in an empty folder.",
        reason,
    )
