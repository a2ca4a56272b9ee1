"""The database file: one process at a time, its owner only, damage said in words."""

import sqlite3
import sys
from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.sandbox import database as database_module
from spoke_admin.sandbox.database import FILE_NAME, Database


def test_a_folder_in_use_is_refused_until_it_is_free(tmp_path: Path) -> None:
    first = Database(tmp_path / "data")
    with pytest.raises(AdminError, match="used by a stand-in that is running") as refused:
        Database(tmp_path / "data")
    assert "--data" in refused.value.remedy
    first.close()
    Database(tmp_path / "data").close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permission bits")
def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    database = Database(folder)
    database.next_number()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        FILE_NAME: 0o600,
        f"{FILE_NAME}-wal": 0o600,
    }
    database.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permission bits")
def test_a_folder_of_something_else_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "something else").touch()
    Database(tmp_path).close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "content", [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 4096, bytes(range(256)) * 64]
)
def test_damage_is_said_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(AdminError, match="damaged"):
        Database(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.transaction() as connection:
        for number in range(500):
            connection.execute("INSERT INTO setting VALUES (?, ?)", (f"name {number}", "x" * 100))
    database.close()
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    content[20_000:60_000] = b"\xff" * 40_000
    path.write_bytes(content)
    with pytest.raises(AdminError, match="damaged"):
        Database(tmp_path)


def test_a_large_file_is_looked_through_as_far_as_time_reaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(tmp_path)
    with database.transaction() as connection:
        for number in range(500):
            connection.execute("INSERT INTO setting VALUES (?, ?)", (f"name {number}", "x" * 100))
    database.close()
    monkeypatch.setattr(database_module, "CHECKED_SECONDS", -1)
    monkeypatch.setattr(database_module, "CHECK_STEPS", 1)
    database = Database(tmp_path)
    assert database.connection.execute("SELECT count(*) FROM setting").fetchone()[0] == 500
    database.close()


def test_other_programs_and_other_versions(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as foreign:
        foreign.execute("CREATE TABLE theirs (x)")
    foreign.close()
    with pytest.raises(AdminError) as refused:
        Database(tmp_path)
    assert refused.value.detail == "it is a database of another program"

    Database(tmp_path / "ours").close()
    later = sqlite3.connect(tmp_path / "ours" / FILE_NAME)
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(AdminError, match="another version"):
        Database(tmp_path / "ours")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(AdminError, match="cannot be kept"):
        Database(tmp_path / "data")


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path)

    def write(outer_fails: bool) -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO setting VALUES ('outer', '1')")
            with database.transaction() as inner:
                inner.execute("INSERT INTO setting VALUES ('inner', '1')")
            if outer_fails:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        write(outer_fails=True)
    assert database.connection.execute("SELECT count(*) FROM setting").fetchone()[0] == 0
    write(outer_fails=False)
    assert database.connection.execute("SELECT count(*) FROM setting").fetchone()[0] == 2
    database.close()
