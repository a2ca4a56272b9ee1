"""Reports: complete, safe in a spreadsheet, never over the checked file, never half-written."""

import csv
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from spoke_admin.adapters import atomic_file
from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import Result, check_file
from spoke_admin.roster.repair.cells import Change, Repair
from spoke_admin.roster.report import COLUMNS, changes_into, document, refuse_targets, save_report, table
from spoke_admin.roster.workbook import writing as sheet_writing
from tests.roster.profiles import ASKSPOKE

ROWS = (
    "login,email,firstName,lastName,title,+1",
    '=cmd|x!A1,b@acme.com,A,B,"@SUM(1)\u200b",',
    'c@acme.com,c@acme.com,A,B,"\tx\0",+44',
    "-1,d@acme.com,A,B,two,",
)


@pytest.fixture
def result(tmp_path: Path) -> Result:
    path = tmp_path / "users.csv"
    path.write_text("\n".join(ROWS), encoding="utf-8")
    return check_file(path, ASKSPOKE)


def read(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_a_csv_report_has_every_finding_and_no_formula(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    save_report(result, path, atomic_file.replacing)
    rows = read(path)
    assert rows[0] == list(COLUMNS)
    assert len(rows) == 1 + len(result.findings)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\0"))]
    values = [row[COLUMNS.index("value")] for row in rows[1:]]
    assert {"'=cmd|x!A1", "'@SUM(1)\u200b", "'\tx\0", "'-1", "'+1"} <= set(values)
    assert [(int(row[0]), row[2]) for row in rows[1:]] == [(it.line, it.code) for it in result.findings]


def test_a_json_report_is_the_whole_document(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.JSON"
    save_report(result, path, atomic_file.replacing)
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(document(result)))


def test_a_limit_caps_what_is_listed_and_nothing_else(result: Result) -> None:
    assert document(result, 0)["findings"] == []
    assert document(result, 2)["findings"] == [dict(it.document()) for it in result.findings[:2]]
    assert document(result, 0)["by_code"] == result.by_code
    assert document(result, 0)["counts"] == result.counts


@pytest.mark.parametrize("kind", ["same", "link", "hard link", "other way"])
def test_the_checked_file_is_not_overwritten(result: Result, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "again.csv"
    before = result.file.read_bytes()
    if kind == "same":
        path = result.file
    elif kind == "link":
        path.symlink_to(result.file)
    elif kind == "hard link":
        path.hardlink_to(result.file)
    else:
        (tmp_path / "folder").mkdir()
        path = tmp_path / "folder" / ".." / result.file.name
    with pytest.raises(AdminError, match="overwrite the file of users"):
        save_report(result, path, atomic_file.replacing)
    assert result.file.read_bytes() == before


def test_places_where_no_report_can_be(result: Result, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none" / "r.csv", tmp_path / ("x" * 300)):
        with pytest.raises(AdminError) as caught:
            save_report(result, path, atomic_file.replacing)
        assert caught.value.title.endswith(".")
    assert (tmp_path / "pipe").is_fifo()


def test_an_older_report_is_replaced_whole_or_not_at_all(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("old", encoding="utf-8")

    @contextmanager
    def fails(_path: Path) -> Iterator[io.BytesIO]:
        yield io.BytesIO()
        raise AdminError("No space.", "Make some.")

    with pytest.raises(AdminError, match=r"No space\."):
        save_report(result, path, fails)
    assert path.read_text(encoding="utf-8") == "old"
    save_report(result, path, atomic_file.replacing)
    assert read(path)[0] == list(COLUMNS)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["report.csv", "users.csv"]


def test_what_was_undecodable_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes("login,email,firstName,lastName,né\n".encode() + b"a@x.com,b@x.com,\xff,B,\n")
    damaged = check_file(path, ASKSPOKE)
    for name in ("report.csv", "report.json", "report.xlsx"):
        save_report(damaged, tmp_path / name, atomic_file.replacing)
    for name in ("report.csv", "report.json"):
        assert "\ufffd" in (tmp_path / name).read_text(encoding="utf-8-sig")
    assert any("\ufffd" in cell for row in sheets(tmp_path / "report.xlsx")["Findings"] for cell in row)


def sheets(path: Path) -> dict[str, list[list[str]]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    return {
        name: [list(map(str, row)) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
    }


def test_a_workbook_has_every_finding_as_text(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.XLSX"
    save_report(result, path, atomic_file.replacing)
    rows = sheets(path)["Findings"]
    assert rows[0] == list(COLUMNS)
    expected = [["" if it is None else str(it) for it in finding.document().values()] for finding in result.findings]
    assert rows[1:] == expected
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 31, 0, 0, 0)}
    assert sheet.count(b"<f>") == sheet.count(b"<hyperlink") == sheet.count(b"<v>") == 0
    assert b'state="frozen"' in sheet


@pytest.mark.parametrize("suffix", ["csv", "json", "xlsx"])
def test_the_same_findings_give_the_same_bytes(result: Result, tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{number}.{suffix}" for number in range(2)]
    for path in paths:
        save_report(check_file(result.file, ASKSPOKE), path, atomic_file.replacing)
    assert paths[0].read_bytes() == paths[1].read_bytes()


HOSTILE = ["<r></is></c></row>&</r>", "_x0041_", "a\x00\x1f\x7f\ufffe\uffff", " a ", "http://x.example", "=1+1",
           "😀" * 20_000, "{=1}", "line\nline", "\ud800"]  # fmt: skip


def test_texts_that_a_workbook_could_take_for_something_else(tmp_path: Path) -> None:
    """The writer's own XML, a formula, a link, what XML cannot hold, what is too long for a cell."""
    path = tmp_path / "texts.xlsx"
    with path.open("wb") as stream, table(path, stream, "Texts", ["value"]) as take:
        for text in HOSTILE:
            take([text])
    with zipfile.ZipFile(path) as parts:
        sheet = ET.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = [cell.findtext(f"{space}is/{space}t") for cell in sheet.iter(f"{space}c")]
    assert cells == [
        "value", "<r></is></c></row>&</r> ", "_x005F_x0041_", "a_x0000__x001F_\x7f\ufffd\ufffd", " a ",
        "http://x.example", "=1+1", "😀" * 16_382 + "…", "{=1}", "line\nline", "\ufffd",
    ]  # fmt: skip


def test_a_full_sheet_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_writing, "MOST_ROWS", 4)
    path = tmp_path / "rows.xlsx"
    with path.open("wb") as stream, table(path, stream, "Rows", ["number"]) as take:
        for number in range(7):
            take([number])
    assert sheets(path) == {
        "Rows": [["number"], ["0"], ["1"], ["2"]],
        "Rows 2": [["number"], ["3"], ["4"], ["5"]],
        "Rows 3": [["number"], ["6"]],
    }


@pytest.mark.parametrize("suffix", ["csv", "json", "xlsx"])
def test_the_changes_of_a_repair(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"changes.{suffix}"
    changes = [Change(2, "login", Repair.TRIM, " =1", "=1"), Change(3, None, Repair.DUPLICATE_ROWS, "a,é", "")]
    with path.open("wb") as stream, changes_into(path, stream) as take:
        for change in changes:
            take(change)
    if suffix == "json":
        found = json.loads(path.read_bytes())["changes"]
        assert [Change(**it) for it in found] == changes
    else:
        rows = read(path) if suffix == "csv" else sheets(path)["Changes"]
        quote = "'" if suffix == "csv" else ""
        assert rows == [
            ["line", "column", "repair", "before", "after"],
            ["2", "login", "trim", " =1", f"{quote}=1"],
            ["3", "", "duplicate_rows", "a,é", ""],
        ]


def test_no_changes_are_an_empty_list(tmp_path: Path) -> None:
    with (tmp_path / "c.json").open("wb") as stream, changes_into(tmp_path / "c.json", stream):
        pass
    assert json.loads((tmp_path / "c.json").read_bytes()) == {"changes": []}


@pytest.mark.parametrize("suffix", ["csv", "json", "xlsx"])
def test_a_report_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path, suffix: str, own_folders: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(b"login,email,firstName,lastName\n" + b"x,y,,\n" * 1000)
    result, told = check_file(path, ASKSPOKE), list[tuple[int, int]]()
    report = tmp_path / f"report.{suffix}"

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    with pytest.raises(AdminError, match="stopped"):
        save_report(result, report, atomic_file.replacing, tell, lambda: len(told) > 3)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["users.csv"]
    told.clear()
    save_report(result, report, atomic_file.replacing, tell)
    assert told[0] == (0, 4999)
    assert told[-1] == (4999, 4999)
    assert len(told) > 10
    assert list((own_folders / "tmpdir").iterdir()) == []


def test_a_report_is_never_held_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(b"login,email,firstName,lastName\n" + b"x,y,,\n" * 2000)
    result = check_file(path, ASKSPOKE)
    for suffix in ("csv", "json", "xlsx"):
        save_report(result, tmp_path / f"report.{suffix}", atomic_file.replacing)  # what is imported and kept
        tracemalloc.start()
        save_report(result, tmp_path / f"report.{suffix}", atomic_file.replacing)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2**20, suffix


def test_several_files_need_names_of_their_own(tmp_path: Path) -> None:
    source = tmp_path / "users.csv"
    source.write_bytes(b"login")
    (tmp_path / "link").symlink_to(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(b"")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "b.csv")
    refuse_targets([tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"], source)
    for one, other in (("a.csv", "a.csv"), ("a.csv", "A.CSV"), ("a.csv", "link"), ("b.csv", "hard.csv"),
                       ("é.csv", "e\u0301.csv")):  # fmt: skip
        with pytest.raises(AdminError, match="Two files"):
            refuse_targets([tmp_path / one, tmp_path / other], source)
