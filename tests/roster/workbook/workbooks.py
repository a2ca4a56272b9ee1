"""Makers of workbooks for tests, real ones and forged ones byte by byte, and readers of them."""

import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import xlsxwriter

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import opened
from spoke_admin.roster.workbook import sheet_xml, zip_directory
from spoke_admin.roster.workbook.rows import WorkbookRow, rows_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

ROOT_LINKS = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="r1" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
LINKS = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="rId1" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{DOCUMENT}/sharedStrings" Target="sharedStrings.xml"/>'
    f'<Relationship Id="rId3" Type="{DOCUMENT}/styles" Target="styles.xml"/></Relationships>'
)
INDEX = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets><sheet name="Users" sheetId="1" r:id="rId1"/></sheets>'
    "</workbook>"
)
HEADER = ["login", "email", "firstName", "lastName"]


def written(path: Path, tables: Mapping[str, Iterable[Sequence[Any]]], **options: Any) -> Path:
    """A workbook that XlsxWriter makes: a sheet for each table, texts as texts, other values as they are."""
    with xlsxwriter.Workbook(path, options) as workbook:
        for name, table in tables.items():
            sheet = workbook.add_worksheet(name)
            for line, row in enumerate(table):
                for place, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(line, place, value)
                    elif value is not None:
                        sheet.write(line, place, value)
    return path


def cells(*rows: Sequence[str]) -> str:
    """Rows of texts as Excel writes them, each in its cell."""
    return "".join(
        f'<row r="{line}">'
        + "".join(
            f'<c r="{letters(place)}{line}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
            for place, text in enumerate(row, 1)
        )
        + "</row>"
        for line, row in enumerate(rows, 1)
    )


def letters(column: int) -> str:
    text = ""
    while column:
        column, letter = divmod(column - 1, 26)
        text = chr(65 + letter) + text
    return text


def sheet(rows: str, before: str = "", behind: str = "") -> str:
    return f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{behind}</worksheet>'


def parts(rows: str = "", texts: str | None = None, styles: str | None = None) -> dict[str, bytes]:
    """The parts of a small workbook; change some, then pack them with `zipped`."""
    found = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": ROOT_LINKS,
        "xl/workbook.xml": INDEX,
        "xl/_rels/workbook.xml.rels": LINKS,
        "xl/worksheets/sheet1.xml": sheet(rows or cells(HEADER)),
    }
    if texts is not None:
        found["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{texts}</sst>'
    if styles is not None:
        found["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    return {name: text.encode() for name, text in found.items()}


def zipped(contents: Mapping[str, bytes] | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method, compresslevel=1) as packed:
        for name, text in contents.items() if isinstance(contents, Mapping) else contents:
            packed.writestr(name, text)
    return file.getvalue()


def forged_size(packed: bytes, name: str, size: int) -> bytes:
    """The zip, whose directory claims that the entry unpacks to `size` bytes."""
    return _in_directory(packed, name, 24, struct.pack("<L", size))


def forged_flags(packed: bytes, name: str, flags: int) -> bytes:
    """The zip, whose directory has other flags for the entry: 1 is locked."""
    return _in_directory(packed, name, 8, struct.pack("<H", flags))


def forged_method(packed: bytes, name: str, method: int) -> bytes:
    return _in_directory(packed, name, 10, struct.pack("<H", method))


def _in_directory(packed: bytes, name: str, place: int, value: bytes) -> bytes:
    at = packed.rfind(name.encode()) - 46 + place  # the directory comes last
    assert packed[at - place : at - place + 4] == b"PK\x01\x02"
    return packed[:at] + value + packed[at + len(value) :]


def ole(name: str) -> bytes:
    """The beginning of an OLE container with a stream of that name."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(478)
    return (
        head + bytes(512) + "Root Entry".encode("utf-16-le").ljust(128, b"\0") + name.encode("utf-16-le") + bytes(512)
    )


def read(path: Path, sheet: str | None = None) -> list[WorkbookRow]:
    with opened(path) as source:
        return list(rows_of(source, sheet))


def read_bytes(tmp_path: Path, data: bytes, sheet: str | None = None) -> list[WorkbookRow]:
    path = tmp_path / "users.xlsx"
    path.write_bytes(data)
    return read(path, sheet)


def refusal(tmp_path: Path, data: bytes, sheet: str | None = None) -> AdminError:
    with pytest.raises(AdminError) as caught:
        read_bytes(tmp_path, data, sheet)
    return checked(caught.value, tmp_path / "users.xlsx")


def checked(fault: AdminError, path: Path) -> AdminError:
    assert fault.title.endswith(".")
    assert fault.remedy.endswith(".")
    assert str(path) in fault.title
    return fault


def in_pieces_of(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """So that a small sheet is read in many fragments."""
    monkeypatch.setattr(sheet_xml, "FRAGMENT", size)
    monkeypatch.setattr(zip_directory, "PIECE", min(size, 1 << 20))
