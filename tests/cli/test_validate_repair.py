"""`spoke-admin validate --repaired`: the copy, the list of changes, and what is refused before anything is read."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEADER = "login,email,firstName,lastName,primaryPhone\n"
DIRTY = HEADER + "a@acme.com,a@acme.com,Ada ,\u200bLovelace,415-555-2671 x5\nb,b@acme.com,=B,B,\nb,b@acme.com,=B,B,\n"
REPAIRED = HEADER + "a@acme.com,a@acme.com,Ada,Lovelace,4155552671\nb,b@acme.com,=B,B,\n"
COUNTS = {"trim": 1, "invisible": 1, "phones": 1, "duplicate_rows": 1, "encoding": 1, "line_ends": 3}


def validate(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "spoke_admin", "validate", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def document(*arguments: str | Path, code: int) -> dict[str, Any]:
    done = validate(*arguments, "--json")
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_bytes(DIRTY.encode("utf-8-sig"))
    return path


def test_the_copy_the_changes_and_the_report_of_the_file_as_it_was(path: Path, tmp_path: Path) -> None:
    copy, changes, report = (tmp_path / name for name in ("copy.csv", "changes.csv", "report.xlsx"))
    found = document(path, "--repaired", copy, "--changes", changes, "--report", report, code=1)
    assert copy.read_bytes() == REPAIRED.replace("\n", "\r\n").encode()
    assert found["repaired"] == COUNTS
    assert found["counts"]["error"] > 0
    assert list(found)[-2:] == ["repaired", "elapsed_s"]
    with changes.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["line", "column", "repair", "before", "after"],
        ["1", "", "encoding", "utf-8 with a mark", "utf-8"],
        ["2", "firstName", "trim", "Ada ", "Ada"],
        ["2", "lastName", "invisible", "\u200bLovelace", "Lovelace"],
        ["2", "primaryPhone", "phones", "415-555-2671 x5", "4155552671"],
        ["4", "", "duplicate_rows", "b,b@acme.com,=B,B,", ""],
        ["1", "", "line_ends", "LF, 3 times", "CRLF"],
    ]
    assert report.read_bytes().startswith(b"PK")
    assert path.read_bytes() == DIRTY.encode("utf-8-sig")
    again = document(copy, "--repaired", tmp_path / "again.csv", code=1)
    assert set(again["repaired"].values()) == {0}
    assert "control_character" not in again["by_code"]


def test_in_words(path: Path, tmp_path: Path) -> None:
    done = validate(path, "--repaired", tmp_path / "copy.csv", "--changes", tmp_path / "changes.json")
    assert done.returncode == 1
    assert "Repaired: 1 trim, 1 invisible, 1 phones, 1 duplicate_rows, 1 encoding, 3 line_ends" in done.stdout
    assert f"Repaired: {tmp_path / 'copy.csv'}" in done.stderr
    assert f"Changes: {tmp_path / 'changes.json'}" in done.stderr
    assert len(json.loads((tmp_path / "changes.json").read_bytes())["changes"]) == 6


def test_safe_to_open_in_a_spreadsheet(path: Path, tmp_path: Path) -> None:
    document(path, "--repaired", tmp_path / "copy.csv", "--safe", code=1)
    assert b"b,b@acme.com,'=B,B," in (tmp_path / "copy.csv").read_bytes()


def test_a_profile_without_a_rule_for_phones_leaves_phones_alone(path: Path, tmp_path: Path) -> None:
    found = document(path, "--profile", "generic", "--repaired", tmp_path / "copy.csv", code=1)
    assert found["repaired"] == COUNTS | {"phones": 0}


def test_warnings_alone_end_with_0(path: Path, tmp_path: Path) -> None:
    path.write_text(HEADER + "a@acme.com,a@acme.com,A,B,415-555-2671 x5\n", encoding="utf-8")
    assert document(path, "--repaired", tmp_path / "copy.csv", code=0)["repaired"]["phones"] == 1


def test_a_copy_of_a_sheet(tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    with Workbook(str(tmp_path / "users.xlsx")) as book:
        for name in ("One", "Two"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEADER.strip().split(","))
            sheet.write_row(1, 0, [f"{name}@acme.com", f"{name}@acme.com", "A ", "B", ""])
    arguments = (tmp_path / "users.xlsx", "--sheet", "Two", "--repaired", tmp_path / "copy.csv")
    assert document(*arguments, code=0)["repaired"]["trim"] == 1
    copy = (tmp_path / "copy.csv").read_bytes()
    assert copy == f"{HEADER.strip()}\r\nTwo@acme.com,Two@acme.com,A,B,\r\n".encode()


@pytest.mark.parametrize("arguments", [["--changes", "c.csv"], ["--safe"], ["--changes", "c.csv", "--report", "r.csv"]])
def test_what_belongs_to_a_copy_is_refused_without_one(path: Path, tmp_path: Path, arguments: list[str]) -> None:
    words = [str(tmp_path / it) if it.endswith(".csv") else it for it in arguments]
    error = document(path, *words, code=2)["error"]
    assert "needs --repaired" in error["title"]
    assert [it.name for it in tmp_path.iterdir()] == ["users.csv"]


@pytest.mark.parametrize("option", ["--report", "--repaired", "--changes"])
@pytest.mark.parametrize("kind", ["source", "folder", "nowhere", "twice"])
def test_targets_are_looked_at_before_the_file_is_read(path: Path, tmp_path: Path, option: str, kind: str) -> None:
    path.write_bytes(b"")  # to be read is refused, too
    targets = {name: tmp_path / f"{name}.csv" for name in ("--report", "--repaired", "--changes")}
    others = {"source": path, "folder": tmp_path, "nowhere": tmp_path / "none" / "x.csv"}
    targets[option] = others.get(kind) or targets["--report" if option != "--report" else "--changes"]
    error = document(path, *(word for pair in targets.items() for word in pair), code=2)["error"]
    assert "is empty" not in error["title"]
    assert error["remedy"].endswith(".")
    assert [it.name for it in tmp_path.iterdir()] == ["users.csv"]


def test_a_file_that_cannot_be_read_leaves_nothing(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"\r\n")
    document(path, "--repaired", tmp_path / "copy.csv", "--changes", tmp_path / "changes.csv", code=2)
    assert [it.name for it in tmp_path.iterdir()] == ["users.csv"]


def test_help_says_what_the_copy_is_for() -> None:
    words = " ".join(validate("--help").stdout.split())
    assert "--repaired repaired.csv" in words
    assert "save a repaired copy, for import" in words
    assert "not for import" in words
