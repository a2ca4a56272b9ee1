"""Reports: complete, safe in a spreadsheet, never over the checked file, never half-written."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from spoke_admin.adapters import atomic_file
from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import Result, check_file
from spoke_admin.roster.report import COLUMNS, document, save_report
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
    save_report(result, path, atomic_file.write)
    rows = read(path)
    assert rows[0] == list(COLUMNS)
    assert len(rows) == 1 + len(result.findings)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\0"))]
    values = [row[COLUMNS.index("value")] for row in rows[1:]]
    assert {"'=cmd|x!A1", "'@SUM(1)\u200b", "'\tx\0", "'-1", "'+1"} <= set(values)
    assert [(int(row[0]), row[2]) for row in rows[1:]] == [(it.line, it.code) for it in result.findings]


def test_a_json_report_is_the_whole_document(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.JSON"
    save_report(result, path, atomic_file.write)
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
        save_report(result, path, atomic_file.write)
    assert result.file.read_bytes() == before


def test_places_where_no_report_can_be(result: Result, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none" / "r.csv", tmp_path / ("x" * 300)):
        with pytest.raises(AdminError) as caught:
            save_report(result, path, atomic_file.write)
        assert caught.value.title.endswith(".")
    assert (tmp_path / "pipe").is_fifo()


def test_an_older_report_is_replaced_whole_or_not_at_all(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("old", encoding="utf-8")

    def fails(_path: Path, _data: bytes) -> None:
        raise AdminError("No space.", "Make some.")

    with pytest.raises(AdminError, match=r"No space\."):
        save_report(result, path, fails)
    assert path.read_text(encoding="utf-8") == "old"
    save_report(result, path, atomic_file.write)
    assert read(path)[0] == list(COLUMNS)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["report.csv", "users.csv"]


def test_what_was_undecodable_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes("login,email,firstName,lastName,né\n".encode() + b"a@x.com,b@x.com,\xff,B,\n")
    damaged = check_file(path, ASKSPOKE)
    for name in ("report.csv", "report.json"):
        save_report(damaged, tmp_path / name, atomic_file.write)
        assert "\ufffd" in (tmp_path / name).read_text(encoding="utf-8-sig")
