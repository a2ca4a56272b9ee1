"""A repaired copy is whole or not there at all, whatever happens; and no row of it is read as another."""

import errno
import gc
import io
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from spoke_admin import connection
from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import check_file
from spoke_admin.roster.repair.cells import Change, Repair
from spoke_admin.roster.repair.copy import plan_repairs, write_repaired
from tests.roster.profiles import ASKSPOKE

ALL = tuple(Repair)
HEADER = "login,email,firstName,lastName,primaryPhone"
GOOD = "a@acme.com,a@acme.com,Ada,Lovelace,415-555-2671"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def copied(path: Path, repairs: tuple[Repair, ...] = ALL) -> bytes:
    out = io.BytesIO()
    write_repaired(path, ASKSPOKE, repairs, out)
    return out.getvalue()


# --- the bound of quotes ---------------------------------------------------------------------------------------------


def shape(path: Path) -> list[tuple[int, str]]:
    """Where rows are not whole."""
    codes = ("quote_unclosed", "row_too_short", "row_too_long", "quote_broken")
    return [(it.line, it.code) for it in check_file(path, ASKSPOKE).findings if it.code in codes]


@pytest.mark.parametrize("over", range(-3, 4))
def test_a_row_at_the_bound_of_quotes_does_not_grow_over_it(path: Path, over: int) -> None:
    cell = "x\n" * 32_760
    filler = "y" * (65_536 - len(f'a,"{cell}"\n') + over)
    path.write_bytes(f'login,Notes\na,"{cell}{filler}"\nb,c\n d,e\n'.encode())
    before = shape(path)
    copy = copied(path)
    path.write_bytes(copy)
    assert shape(path) == before
    assert copy.endswith(b"b,c\r\nd,e\r\n")


@pytest.mark.parametrize("gap", [0, 3, 40, 150, 5000])
@pytest.mark.parametrize("repairs", [(Repair.TRIM,), (Repair.DUPLICATE_ROWS,), ALL])
def test_a_quote_beyond_the_bound_does_not_come_near(path: Path, gap: int, repairs: tuple[Repair, ...]) -> None:
    """Behind a quote that is never closed."""
    row = "b ,c\r\n"
    count = (65_536 + gap) // len(row)
    path.write_bytes(f'login,firstName\r\na,"x\r\n{row * count}d,"e"\r\n{"f ,g" * 30_000}\r\n'.encode())
    before = shape(path)
    copy = copied(path, repairs)
    path.write_bytes(copy)
    after = [(line, code) for line, code in shape(path) if code == "quote_unclosed"]
    assert after == [it for it in before if it[1] == "quote_unclosed"]
    if gap == 5000 and repairs == (Repair.TRIM,):
        assert b"b ," in copy  # each of them nearer by a byte
    assert copy.endswith(b"g\r\n")


def test_what_is_far_from_other_quotes_is_repaired_behind_one_that_is_never_closed(path: Path) -> None:
    path.write_bytes(b'login,firstName\r\na,"x\r\n' + b"b ,c\r\n" * 40_000 + b'd,"e"\r\n')
    copy = copied(path, (Repair.TRIM,))
    assert b"b ," not in copy
    path.write_bytes(b'login,firstName\r\na,"x\r\n' + b"b ,c\r\n" * 40)
    assert b"b ," not in copied(path, (Repair.TRIM,))


# --- whole or not at all ---------------------------------------------------------------------------------------------


class Full:
    """Something to write to that is full after some bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, data: bytes, /) -> None:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_not_blamed_on_the_file_that_is_read(path: Path) -> None:
    path.write_bytes(f"{HEADER}\r\n".encode() + b" a,b,c,d,e\r\n" * 300_000)
    with pytest.raises(OSError, match="No space left"):
        write_repaired(path, ASKSPOKE, (Repair.TRIM,), Full(1_500_000))

    def full(_change: Change) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        write_repaired(path, ASKSPOKE, ALL, io.BytesIO(), changes=full)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_file_that_changes_meanwhile_is_refused(path: Path, codec: str) -> None:
    path.write_bytes((f"{HEADER}\r\n" + "a,b,c,d,e\r\n" * 300_000).encode(codec))
    told = list[int]()

    def append(done: int, _total: int) -> None:
        if not told:
            with path.open("ab") as file:
                file.write("x\r\n".encode(codec)[-6:])
        told.append(done)

    with pytest.raises(AdminError, match="was changed while it was read"):
        write_repaired(path, ASKSPOKE, ALL, io.BytesIO(), progress=append)


def test_a_file_that_vanishes_meanwhile_is_read_to_its_end(path: Path) -> None:
    data = f"{HEADER}\r\n".encode() + b"a,b,c,d,e\r\n" * 300_000
    path.write_bytes(data)
    out = io.BytesIO()
    write_repaired(path, ASKSPOKE, (), out, progress=lambda _done, _total: path.unlink(missing_ok=True))
    assert out.getvalue() == data


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "blanks"])
def test_what_cannot_be_repaired_is_said(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else b" \r\n \r\n")
    with pytest.raises(AdminError):
        write_repaired(path, ASKSPOKE, ALL, io.BytesIO())
    with pytest.raises(AdminError):
        plan_repairs(path, ASKSPOKE)


@pytest.mark.parametrize("kind", ["clean", "dirty", "odd"])
def test_a_repair_tells_how_far_it_is_and_stops_at_once(path: Path, kind: str) -> None:
    row = {
        "clean": f"{GOOD}\r\n",
        "dirty": " a,\u200bb,c ,d,415-555-{} x1\r\n",
        "odd": '"a ""x"" ",b,c,d,415-CALL-{}\n',
    }
    rows = (row[kind].format(1000 + number % 9000) for number in range(250_000))
    path.write_text(f"{HEADER}\r\n{''.join(rows)}", encoding="utf-8", newline="")
    asked, told = list[float](), list[int]()

    def cancelled() -> bool:
        asked.append(time.thread_time())  # what other programs take meanwhile does not count
        return len(told) > 1

    def repair() -> None:
        write_repaired(
            path, ASKSPOKE, ALL, io.BytesIO(), progress=lambda done, _total: told.append(done), cancelled=cancelled
        )

    gc.freeze()  # what other tests left in memory is not this program's
    try:
        with pytest.raises(AdminError, match="stopped"):
            repair()
    finally:
        gc.unfreeze()
    asked.append(time.thread_time())
    assert max(after - before for before, after in pairwise(asked)) < 0.15  # what is aimed at is 0.1
    assert 0 < told[0] < path.stat().st_size


def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    path.write_bytes(f"{HEADER}\r\n".encode() + b" a,b,c,d,e\r\n" * 100 + b"a,b,c,d,e\r\n" * 2_000_000)
    write_repaired(path, ASKSPOKE, (Repair.TRIM,), Full(10**9))
    tracemalloc.start()
    write_repaired(path, ASKSPOKE, (Repair.TRIM, Repair.LINE_ENDS), Full(10**9))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 * 2**20


KILLED = """
import os, signal, sys
from pathlib import Path
from spoke_admin import connection
from spoke_admin.roster.repair.cells import Repair

def kill(done, total):
    if done * 100 >= total * int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
connection.save_repaired(folder / "users.csv", connection.profile("askspoke"), list(Repair), folder / "copy.csv",
                         folder / "changes.csv", progress=kill)
"""


@pytest.mark.parametrize("percent", [5, 60, 100])
def test_a_kill_leaves_what_was_there_before(tmp_path: Path, percent: int) -> None:
    (tmp_path / "users.csv").write_bytes(f"{HEADER}\r\n".encode() + b" a,b,c,d,e\r\n" * 300_000)
    (tmp_path / "copy.csv").write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(percent)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "copy.csv").read_bytes() == b"old"
    assert not (tmp_path / "changes.csv").exists()
    others = {it.name for it in tmp_path.iterdir()} - {"users.csv", "copy.csv"}
    assert all(name.startswith((".copy.csv.", ".changes.csv.")) and name.endswith(".new") for name in others)


# --- saved ------------------------------------------------------------------------------------------------------------


def names(folder: Path) -> set[str]:
    return {it.name for it in folder.iterdir()}


def test_the_copy_and_its_changes_are_saved_together(path: Path, tmp_path: Path) -> None:
    path.write_bytes(f"{HEADER}\r\n{GOOD} x1\r\n=1 ,b,c,d,\r\n".encode())
    copy, changes = tmp_path / "copy.csv", tmp_path / "changes.csv"
    counts = connection.save_repaired(path, ASKSPOKE, ALL, copy, changes, safe=True)
    assert {repair: count for repair, count in counts.items() if count} == {Repair.PHONES: 1, Repair.TRIM: 1}
    assert copy.read_bytes() == f"{HEADER}\r\n{GOOD[:-12]}4155552671\r\n'=1,b,c,d,\r\n".encode()
    assert changes.read_text(encoding="utf-8-sig").splitlines() == [
        "line,column,repair,before,after",
        "2,primaryPhone,phones,415-555-2671 x1,4155552671",
        "3,login,trim,'=1 ,'=1",
    ]
    assert {copy.stat().st_mode & 0o777, changes.stat().st_mode & 0o777} == {0o600}
    assert names(tmp_path) == {"users.csv", "copy.csv", "changes.csv"}
    assert counts == connection.save_repaired(path, ASKSPOKE, ALL, copy)


@pytest.mark.parametrize("kind", ["same", "link", "hard link", "other way", "case", "changes"])
def test_nothing_is_saved_over_the_file_that_is_read(path: Path, tmp_path: Path, kind: str) -> None:
    path.write_bytes(b"login\r\n a\r\n")
    copy, changes = tmp_path / "copy.csv", None
    if kind == "same":
        copy = path
    elif kind == "link":
        copy.symlink_to(path)
    elif kind == "hard link":
        copy.hardlink_to(path)
    elif kind == "other way":
        (tmp_path / "folder").mkdir()
        copy = tmp_path / "folder" / ".." / path.name
    elif kind == "case":  # as on a disk that does not tell them apart
        changes = tmp_path / "COPY.csv"
    else:
        changes = path
    before = names(tmp_path)
    with pytest.raises(AdminError):
        connection.save_repaired(path, ASKSPOKE, ALL, copy, changes)
    assert path.read_bytes() == b"login\r\n a\r\n"
    assert names(tmp_path) == before


def test_a_target_that_becomes_the_file_meanwhile_is_not_replaced(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"login\r\n a\r\n")
    copy = tmp_path / "copy.csv"

    def link(_done: int, _total: int) -> None:
        if not copy.exists():
            copy.hardlink_to(path)

    with pytest.raises(AdminError, match="overwrite the file of users"):
        connection.save_repaired(path, ASKSPOKE, ALL, copy, progress=link)
    assert copy.read_bytes() == path.read_bytes() == b"login\r\n a\r\n"
    assert names(tmp_path) == {"users.csv", "copy.csv"}


@pytest.mark.parametrize("kind", ["stopped", "changed", "header"])
def test_what_fails_leaves_neither_file(path: Path, tmp_path: Path, kind: str) -> None:
    path.write_bytes(f"{HEADER}\r\n".encode() + b" a,b,c,d,e\r\n" * 120_000)
    copy, changes = tmp_path / "copy.csv", tmp_path / "changes.xlsx"
    copy.write_bytes(b"old")
    told = list[int]()

    def append(done: int, _total: int) -> None:
        told.append(done)
        if kind == "changed" and len(told) == 1:
            with path.open("ab") as file:
                file.write(b"x")

    with pytest.raises(AdminError):
        connection.save_repaired(
            path, ASKSPOKE, ALL, copy, changes, progress=append, headers={0 if kind != "header" else 9: "x"},
            cancelled=lambda: kind == "stopped" and len(told) > 1,
        )  # fmt: skip
    assert copy.read_bytes() == b"old"
    assert names(tmp_path) == {"users.csv", "copy.csv"}


FULL = """
import json, resource, sys
from pathlib import Path
from spoke_admin import connection
from spoke_admin.domain.error import AdminError
from spoke_admin.roster.repair.cells import Repair

folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    connection.save_repaired(folder / "users.csv", connection.profile("askspoke"), [Repair.TRIM], folder / "copy.csv",
                             folder / sys.argv[2])
except AdminError as error:
    print(json.dumps(error.document()))
"""


@pytest.mark.parametrize("changes", ["changes.csv", "changes.json", "changes.xlsx"])
@pytest.mark.parametrize("room", [100_000, 1_900_000])
def test_no_room_on_the_disk(path: Path, tmp_path: Path, changes: str, room: int) -> None:
    """For the changes, which are longer than the copy, or for both."""
    path.write_bytes(f"{HEADER}\r\n".encode() + b" a,b,c,d,e\r\n" * 150_000)
    (tmp_path / changes).write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), changes, str(room)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert "could not be saved: File too large." in done.stdout
    assert str(path) not in done.stdout
    assert (tmp_path / changes).read_bytes() == b"old"
    assert names(tmp_path) == {"users.csv", changes}
