"""The repaired copy of a workbook: a CSV of the sheet, by the same repairs."""

import io
from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import check_file
from spoke_admin.roster.repair.cells import Change, Repair
from spoke_admin.roster.repair.copy import plan_repairs, write_repaired
from tests.roster.profiles import ASKSPOKE

ALL = tuple(Repair)


def repaired(
    path: Path,
    repairs: tuple[Repair, ...] = ALL,
    *,
    safe: bool = False,
    headers: dict[int, str] | None = None,
    sheet: str | None = None,
) -> tuple[bytes, list[Change]]:
    out, changes = io.BytesIO(), list[Change]()
    counts = write_repaired(
        path, ASKSPOKE, repairs, out, safe=safe, headers=headers or {}, changes=changes.append, sheet=sheet
    )
    assert sum(counts.values()) == len(changes)
    assert plan_repairs(path, ASKSPOKE, headers or {}, repairs=repairs, sheet=sheet).counts == counts
    return out.getvalue(), changes


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    from xlsxwriter import Workbook

    path = tmp_path / "users.xlsx"
    with Workbook(str(path)) as book:
        for name, login in (("People", " a@acme.com"), ("Others", "o@acme.com ")):
            sheet = book.add_worksheet(name)
            sheet.write_row(1, 0, ["login", "first; name", "mobilePhone"])
            sheet.write_row(2, 0, [login, 'A "B", C', "415-555-2671 x1"])
            sheet.write_row(3, 0, [login, 'A "B", C', "415-555-2671 x1"])
            sheet.write_row(5, 0, ["=1+1", "\u200bx", "two\nlines", "beyond "])
            sheet.write_row(6, 0, ["=1+1", "\u200bx", 4155552671])
    return path


def test_the_copy_of_a_workbook_is_a_csv(workbook: Path) -> None:
    copy, changes = repaired(workbook)
    assert copy == (
        b'login,"first; name",mobilePhone\r\na@acme.com,"A ""B"", C",4155552671\r\n'
        b'0,\xe2\x80\x8bx,"two\nlines",beyond \r\n0,x,4155552671\r\n'
    )
    assert changes == [
        Change(3, "login", Repair.TRIM, " a@acme.com", "a@acme.com"),
        Change(3, "mobilePhone", Repair.PHONES, "415-555-2671 x1", "4155552671"),
        Change(4, None, Repair.DUPLICATE_ROWS, ' a@acme.com,"A ""B"", C",415-555-2671 x1', ""),
        Change(7, "first; name", Repair.INVISIBLE, "\u200bx", "x"),
    ]


def test_a_sheet_by_its_name_and_its_headers(workbook: Path) -> None:
    copy, _ = repaired(workbook, (Repair.TRIM, Repair.HEADERS), headers={1: "-first"}, sheet="Others", safe=True)
    assert copy.startswith(b"login,'-first,mobilePhone\r\no@acme.com,")
    with pytest.raises(AdminError, match="no sheet None of those"):
        repaired(workbook, sheet="None of those")


def test_a_copy_of_a_workbook_holds_the_same_cells(workbook: Path, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(repaired(workbook, ())[0])
    before, after = check_file(workbook, ASKSPOKE), check_file(path, ASKSPOKE)
    assert (after.rows, after.columns, after.delimiter) == (before.rows, before.columns, ",")


def test_a_sheet_of_one_column_keeps_its_rows(tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    with Workbook(str(tmp_path / "one.xlsx")) as book:
        book.add_worksheet().write_column(0, 0, ["login", "a", " ", "b"])
    assert repaired(tmp_path / "one.xlsx", ())[0] == b'login\r\na\r\n" "\r\nb\r\n'


def test_a_repair_of_a_workbook_can_be_stopped_and_tells_how_far_it_is(workbook: Path) -> None:
    told = list[int]()
    write_repaired(workbook, ASKSPOKE, ALL, io.BytesIO(), progress=lambda done, _total: told.append(done))
    assert told[-1] == workbook.stat().st_size
    with pytest.raises(AdminError, match="The repair was stopped"):
        write_repaired(workbook, ASKSPOKE, ALL, io.BytesIO(), cancelled=lambda: True)
