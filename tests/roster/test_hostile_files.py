"""Files that would hang or swell a careless reader, through the real command: judged or refused, soon and small.

Time is the processor's, not the clock's, so that a busy machine does not matter; what the program needs for a file of
one row is taken off. Memory is what it needs beyond that.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.roster.corpus import FILES, GIANT, table
from tests.roster.dirt import FIELDS, HEADER, quoted, row

ROOT = Path(__file__).parents[2]
OWN_WORK = 2.0  # seconds
BUSY = 1.5  # so much longer the same work may take on a machine that does other work as well
OWN_MEMORY = 256 << 20  # bytes
GIVEN_UP = 6  # seconds of the processor until a run is ended
PATIENCE = 60  # seconds of the clock

# a process of its own between the test and the command: what it takes for the command's peak would else be the test's
LAUNCHER = """
import json, resource, subprocess, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))  # of the child as well
command = [sys.executable, *sys.argv[3:]]
child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
try:
    out, err = child.communicate(timeout=float(sys.argv[2]))
except subprocess.TimeoutExpired:
    child.kill()
    out, err = child.communicate()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([child.returncode, out.decode(), err.decode(), used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""


@dataclass(frozen=True)
class Ended:
    """A run of the command. `seconds` of the processor, `peak` in bytes."""

    code: int
    document: dict[str, Any]
    words: str
    seconds: float
    peak: int

    @property
    def title(self) -> str:
        """Of the refusal, after it was made sure that it is one in words."""
        assert self.code == 2, self.document
        error = self.document["error"]
        assert set(error) == {"title", "remedy", "detail"}
        assert error["title"].endswith(".")
        assert error["remedy"].endswith(".")
        assert error["title"] in self.words
        return str(error["title"])


def run(*arguments: str | Path) -> Ended:
    return launched(["-m", "spoke_admin", "validate", *map(str, arguments), "--json"])


def launched(command: list[str]) -> Ended:
    words = [sys.executable, "-S", "-c", LAUNCHER, str(GIVEN_UP), str(PATIENCE), *command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=2 * PATIENCE, check=True, cwd=ROOT)
    code, out, err, seconds, peak = json.loads(done.stdout)
    assert "Traceback" not in err, err
    assert code in (0, 1, 2), f"ended with {code} after {seconds:.1f} s of the processor, {peak >> 20} MiB: {err}"
    return Ended(code, json.loads(out), err, seconds, peak)


@pytest.fixture(scope="module")
def trivial(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A file of a row that needs all the libraries, the better of two runs."""
    path = tmp_path_factory.mktemp("trivial") / "users.csv"
    path.write_bytes(table(row(1, login="adá@bücher.example.com", mobilePhone="1-800-FLOWERS ext. 1")))
    runs = [run(path) for _ in range(2)]
    assert {it.code for it in runs} <= {0, 1}
    return min(runs, key=lambda it: it.seconds)


def assert_soon_and_small(ended: Ended, trivial: Ended) -> None:
    own = ended.seconds - trivial.seconds
    assert own <= OWN_WORK * BUSY, f"{own:.1f} s"
    swollen = ended.peak - trivial.peak
    assert swollen <= OWN_MEMORY, f"{swollen >> 20} MiB"


# -- what is in the file --------------------------------------------------------------------------------------------


def wide(columns: int, rows: int, cell: str) -> bytes:
    header = [*FIELDS, *(f"c{number}" for number in range(columns - len(FIELDS)))]
    behind = ("," + cell) * (columns - len(FIELDS))
    return "\n".join((",".join(header), *(row(number) + behind for number in range(rows)))).encode()


def titled(cell: str) -> bytes:
    return table(row(1, title=cell))


MARK = b"\xef\xbb\xbf"
CONTENTS: dict[str, tuple[Callable[[], bytes], str | dict[str, int]]] = {
    "10 MB in one cell": (FILES["giant: 10 MB in one cell"], {"too_long": 1}),
    "10 MB in one cell in quotes": (FILES["giant: 10 MB in one cell in quotes"], {"too_long": 1}),
    "10 MB of lines in one cell in quotes": (
        lambda: titled('"' + ("x" * 99 + "\n") * (GIANT // 100) + '"'),
        {"quote_unclosed": 2, "row_too_short": GIANT // 100 - 1},
    ),
    "10 MB for a login": (lambda: table(row(1, login="x" * GIANT)), {"email_invalid": 1, "too_long": 1}),
    "10 MB for a phone": (lambda: table(row(1, mobilePhone="1" * GIANT)), {"phone_invalid": 1, "too_long": 1}),
    "10 MB of control characters": (lambda: titled("\x01" * GIANT), {"too_long": 1, "control_character": 1}),
    "10 MB of damage in one cell": (lambda: MARK + titled("\udcff" * GIANT), {"undecodable": 1}),
    "10 MB of damage in many cells": (
        lambda: MARK + table(*(row(number + 100, title="\udce9" * 50) for number in range(GIANT // 120))),
        {"undecodable": GIANT // 120},
    ),
    "5 MB of accents in Windows-1252": (
        lambda: table(*(row(number + 100, title="é" * 50) for number in range(40_000))).decode().encode("cp1252"),
        {"encoding_assumed": 1},
    ),
    "10,000 columns": (lambda: wide(10_000, 100, "x"), {"unknown_column": 9_993}),
    "20,000 columns with a NUL in each cell": (
        lambda: wide(20_000, 50, "\0"),
        {"unknown_column": 19_993, "control_character": 999_650},
    ),
    "10,000 columns with a stray quote in each cell": (
        lambda: wide(10_000, 20, 'a"b'),
        {"unknown_column": 9_993, "quote_broken": 199_860},
    ),
    "10,000 columns with much to tell of each cell": (
        lambda: wide(10_000, 3, quoted("\x01" * 90 + ",")),
        {"unknown_column": 9_993, "control_character": 29_979},
    ),
    "a header of 20,001 columns": (lambda: wide(20_001, 3, ""), "20,001 columns"),
    "a line of 30 MB of delimiters": (lambda: table("," * (3 * GIANT)), {"row_too_long": 1}),
    "a line of 30 MB of quotes": (lambda: table('"' * (3 * GIANT)), {"row_too_short": 1}),
    "a line of 30 MB of empty cells in quotes": (lambda: table('"","",' * (GIANT // 2)), {"row_too_long": 1}),
    "a line of 2 MB of stray quotes": (lambda: table('a"b,' * 500_000), {"row_too_long": 1, "quote_broken": 500_000}),
    "a line of 34 MB": (lambda: table("x" * (34 << 20)), "has a line that never ends"),
    "5 MB of lone CRs": (lambda: b"\r" * (GIANT // 2), "is empty"),
    "10 MB of blank lines before the header": (lambda: b"\n" * GIANT + table(row(1)), {}),
    "10 MB of zeros": (lambda: bytes(GIANT), "is not a text file"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents(name: str, tmp_path: Path, trivial: Ended) -> None:
    make, wanted = CONTENTS[name]
    path = tmp_path / "users.csv"
    path.write_bytes(make())
    ended = run(path)
    if isinstance(wanted, str):
        assert wanted in ended.title
        assert str(path) in ended.title
    else:
        assert ended.document.get("by_code") == wanted
    assert_soon_and_small(ended, trivial)


# -- what the file is -----------------------------------------------------------------------------------------------


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


def socket_of(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.csv"))
    return folder / "socket.csv"


def link_to(target: str) -> Callable[[Path], Path]:
    def link(folder: Path) -> Path:
        (folder / "link.csv").symlink_to(folder / target)
        return folder / "link.csv"

    return link


NO_FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a pipe": (pipe, "is not an ordinary file"),
    "a socket": (socket_of, "is not an ordinary file"),
    "a device that never ends": (lambda _folder: Path("/dev/zero"), "is not an ordinary file"),
    "a folder": (lambda folder: folder, "is a folder"),
    "nothing": (lambda folder: folder / "none.csv", "There is no file"),
    "a link to nothing": (link_to("none.csv"), "There is no file"),
    "a link to itself": (link_to("link.csv"), "cannot be read"),
    "a file below a file": (lambda _folder: Path(__file__) / "users.csv", "cannot be read"),
    "a name that is too long": (lambda folder: folder / ("x" * 300), "cannot be read"),
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_no_file(kind: str, tmp_path: Path, trivial: Ended) -> None:
    make, words = NO_FILES[kind]
    path = make(tmp_path)
    ended = run(path)
    assert words in ended.title
    assert str(path) in ended.title
    assert_soon_and_small(ended, trivial)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/us\xe9rs.csv")
    Path(path).write_bytes(table(row(1)))
    ended = run(path)
    assert (ended.code, ended.document["file"]) == (0, path)
    Path(path).write_bytes(b"")
    refused = run(path)
    assert (refused.code, refused.document["error"]["title"]) == (2, f"{path} is empty.")


AS_NOBODY = """
import contextlib, io, os, sys
from spoke_admin.__main__ import main
os.chdir(sys.argv[1])  # the folders above it may be closed to others
with contextlib.redirect_stdout(io.StringIO()):
    main(["validate", "readable.csv", "--json"])  # imports what nobody else may read
    os.geteuid() or os.seteuid(65534)
    assert main(["validate", "readable.csv", "--json"]) == 0
sys.exit(main(["validate", "folder/users.csv", "--json"]))
"""


@pytest.mark.parametrize("kept", ["folder/users.csv", "folder"])
def test_no_permission(kept: str, tmp_path: Path) -> None:
    """In a child that gives up root, which may read everything."""
    (tmp_path / "folder").mkdir(mode=0o711)
    for name in ("readable.csv", "folder/users.csv"):
        (tmp_path / name).write_bytes(table(row(1)))
        (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o711)
    (tmp_path / kept).chmod(0)
    try:
        assert launched(["-c", AS_NOBODY, str(tmp_path)]).title == "folder/users.csv cannot be read."
    finally:
        (tmp_path / kept).chmod(0o700)


# -- what happens to it meanwhile -----------------------------------------------------------------------------------

ROWS = 100_000


@contextlib.contextmanager
def reading(path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command, at a moment when it has the file open."""
    path.write_bytes(table(*(row(number + 100, title="x" * 80) for number in range(ROWS))))
    command = [sys.executable, "-m", "spoke_admin", "validate", str(path), "--json"]
    pause = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        handles = Path(f"/proc/{process.pid}/fd")
        while str(path) not in _targets(handles):
            assert process.poll() is None
            pause.wait(0.001)
        yield process


def _targets(handles: Path) -> set[str]:
    found = set()
    for handle in handles.iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found.add(str(handle.readlink()))
    return found


def answer(process: "subprocess.Popen[bytes]") -> Ended:
    out, err = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in err
    return Ended(process.returncode, json.loads(out), err.decode(), 0, 0)


def test_it_vanishes(tmp_path: Path) -> None:
    with reading(tmp_path / "users.csv") as process:
        (tmp_path / "users.csv").unlink()
        ended = answer(process)
    assert (ended.code, ended.document["rows"], ended.document["by_code"]) == (0, ROWS + 1, {})


def test_it_is_cut_off(tmp_path: Path) -> None:
    with reading(tmp_path / "users.csv") as process:
        os.truncate(tmp_path / "users.csv", 1_000)
        assert answer(process).title == f"{tmp_path / 'users.csv'} was changed while it was read."


def test_it_is_replaced(tmp_path: Path) -> None:
    """The file that was opened is read to its end, whatever has its name now."""
    with reading(tmp_path / "users.csv") as process:
        (tmp_path / "new.csv").write_bytes(HEADER.encode())
        (tmp_path / "new.csv").replace(tmp_path / "users.csv")
        ended = answer(process)
    assert (ended.code, ended.document["rows"]) == (0, ROWS + 1)


def test_it_grows_all_the_time(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    done = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.wait(0.001):
                file.write(row(7).encode() + b"\n")

    writer = threading.Thread(target=write)
    with reading(path) as process:
        writer.start()
        try:
            ended = answer(process)
        finally:
            done.set()
            writer.join()
    assert ended.title == f"{path} was changed while it was read."


# -- workbooks and their names --------------------------------------------------------------------------------------


def workbook(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, FIELDS)
        sheet.write_row(1, 0, row(1).split(","))


def assert_judged_or_refused(ended: Ended) -> None:
    if ended.code == 2:
        assert ended.title
    else:
        assert ended.document["rows"] == 1
        assert ended.document["columns"] == list(FIELDS)


@pytest.mark.parametrize("name", ["users.csv", "users"])
def test_a_workbook_of_another_name(tmp_path: Path, name: str, trivial: Ended) -> None:
    workbook(tmp_path / "users.xlsx")
    (tmp_path / "users.xlsx").rename(tmp_path / name)
    ended = run(tmp_path / name)
    assert_judged_or_refused(ended)
    assert_soon_and_small(ended, trivial)


@pytest.mark.parametrize("name", ["users.xlsx", "users"])
def test_text_of_another_name(tmp_path: Path, name: str, trivial: Ended) -> None:
    (tmp_path / name).write_text("\n".join((HEADER, row(1), "")), encoding="utf-8")
    ended = run(tmp_path / name)
    assert_judged_or_refused(ended)
    assert_soon_and_small(ended, trivial)


def bomb(path: Path, *, lying: bool) -> None:
    """A workbook whose sheet has 300 MB of blanks; `lying`: it says that they are 10 kB."""
    workbook(path)
    with zipfile.ZipFile(path) as book:
        parts = {part.filename: book.read(part) for part in book.infolist()}
    sheet = "xl/worksheets/sheet1.xml"
    head, tail = parts[sheet].split(b"<sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, data in parts.items():
            if name != sheet:
                book.writestr(name, data)
        with book.open(sheet, "w") as part:
            part.write(head + b"<sheetData>")
            for _ in range(30):
                part.write(b" " * GIANT)
            part.write(tail)
        size = book.getinfo(sheet).file_size.to_bytes(4, "little")
    if lying:
        path.write_bytes(path.read_bytes().replace(size, (10_000).to_bytes(4, "little")))


@pytest.mark.parametrize("lying", [False, True])
def test_a_zip_bomb(tmp_path: Path, trivial: Ended, *, lying: bool) -> None:
    bomb(tmp_path / "users.xlsx", lying=lying)
    ended = run(tmp_path / "users.xlsx")
    assert str(tmp_path / "users.xlsx") in ended.title
    assert_soon_and_small(ended, trivial)


def test_a_zip_bomb_named_csv(tmp_path: Path, trivial: Ended) -> None:
    bomb(tmp_path / "users.csv", lying=False)
    ended = run(tmp_path / "users.csv")
    assert str(tmp_path / "users.csv") in ended.title
    assert_soon_and_small(ended, trivial)
