"""`spoke-admin validate` as an admin starts it: answers, exit codes, and every bad input in words."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "resources" / "samples"
HEADER = "login,email,firstName,lastName,primaryPhone\n"
GOOD = "a@acme.com,a@acme.com,Ada,Lovelace,415-555-2671\n"


def validate(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "spoke_admin", "validate", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def document(*arguments: str | Path, code: int) -> dict[str, Any]:
    """What --json prints, after it was made sure that nothing else is printed there."""
    done = validate(*arguments, "--json")
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def test_a_clean_file_ends_with_0() -> None:
    found = document(SAMPLES / "clean-users.csv", code=0)
    assert found["rows"] == 40
    assert found["findings"] == []
    assert found["counts"] == {"error": 0, "warning": 0, "info": 0}


def test_the_document_has_the_keys_of_the_contract_in_their_order() -> None:
    found = document(SAMPLES / "askspoke-users.csv", code=1)
    keys = ["file", "rows", "encoding", "delimiter", "columns", "counts", "by_code", "findings", "elapsed_s"]
    assert list(found) == keys
    assert found["file"] == str(SAMPLES / "askspoke-users.csv")
    assert (found["rows"], found["encoding"], found["delimiter"]) == (40, "utf-8", ",")
    assert found["columns"][0] == "login"
    assert sum(found["counts"].values()) == sum(found["by_code"].values()) == len(found["findings"])
    finding = ["line", "column", "code", "severity", "value", "message", "fix"]
    assert all(list(it) == finding for it in found["findings"])
    assert [it["line"] for it in found["findings"]] == sorted(it["line"] for it in found["findings"])
    assert 0 <= found["elapsed_s"] < 60


def test_warnings_alone_end_with_0(path: Path) -> None:
    path.write_text(HEADER + GOOD.replace("415-555-2671", "1-800-555-0199"), encoding="utf-8")
    found = document(path, code=0)
    assert found["by_code"] == {"phone_toll_free_800_888": 1}
    assert document(path, "--profile", "generic", code=0)["by_code"] == {}


@pytest.mark.parametrize(("limit", "listed"), [("0", 0), ("3", 3), ("100000", 1201)])
def test_the_limit_caps_the_list_alone(path: Path, limit: str, listed: int) -> None:
    path.write_text(HEADER + "x,a@acme.com,A,B,\n" * 601, encoding="utf-8")
    found = document(path, "--limit", limit, code=1)
    assert len(found["findings"]) == listed
    assert found["counts"]["error"] == 1201
    assert found["by_code"] == {"duplicate_identifier": 600, "email_invalid": 601}
    assert found["rows"] == 601


def test_a_thousand_are_listed_unless_told_otherwise(path: Path) -> None:
    path.write_text(HEADER + "x,a@acme.com,A,B,\n" * 601, encoding="utf-8")
    assert len(document(path, code=1)["findings"]) == 1000


def test_in_words() -> None:
    done = validate(SAMPLES / "askspoke-users.csv", "--limit", "5")
    assert done.returncode == 1
    assert "40 rows, utf-8, delimiter ','" in done.stdout
    assert "9 errors" in done.stdout
    assert "askSpoke does not accept 1-800 or 1-888 phone numbers." in done.stdout
    assert "line 3, primaryPhone" in done.stdout
    assert "more (--limit, --report)" in done.stdout
    assert validate(SAMPLES / "clean-users.csv", "-v").returncode == 0


def test_a_file_does_not_steer_the_terminal(path: Path) -> None:
    path.write_text(HEADER.strip() + ',"\x1b[31mred\nred"\n' + GOOD.strip() + ",\x1b]0;x\x07\n", encoding="utf-8")
    done = validate(path)
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr
    assert "\\x1b[31mred\\nred" in done.stdout


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_the_report_holds_everything(path: Path, tmp_path: Path, suffix: str) -> None:
    path.write_text(HEADER + "x,a@acme.com,A,B,\n" * 601, encoding="utf-8")
    report = tmp_path / f"report.{suffix}"
    found = document(path, "--limit", "0", "--report", report, code=1)
    assert found["findings"] == []
    if suffix == "json":
        assert len(json.loads(report.read_text(encoding="utf-8"))["findings"]) == 1201
    else:
        with report.open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.reader(file))) == 1202


def test_a_report_that_cannot_be_is_refused_before_the_check(path: Path, tmp_path: Path) -> None:
    path.write_text(HEADER + GOOD, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    for report in (path, tmp_path, tmp_path / "none" / "report.csv", tmp_path / "pipe"):
        assert document(path, "--report", report, code=2)["error"]["remedy"]
    assert path.read_text(encoding="utf-8") == HEADER + GOOD


def bad_input(kind: str, folder: Path) -> Path:
    path = folder / "users.csv"
    bodies = {
        "empty": b"",
        "mark alone": b"\xef\xbb\xbf",
        "blanks": b"\xff\xfe \x00\r\x00\n\x00",
        "binary": os.urandom(4096),
        "zeros": bytes(10_000),
        "workbook": b"PK\x03\x04",
    }
    if kind == "folder":
        return folder
    if kind == "device":
        return Path("/dev/zero")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "workbook renamed":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
    elif kind == "enormous":
        with path.open("wb") as file:
            file.write(b"login\n")
            file.truncate(20 * 1024**3)  # takes no room on the disk
    elif kind != "vanished":
        path.write_bytes(bodies[kind])
    return path


BAD = ["empty", "mark alone", "blanks", "binary", "zeros", "workbook", "workbook renamed", "folder", "device", "pipe",
       "socket", "enormous", "vanished"]  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_refused_in_words(kind: str, tmp_path: Path) -> None:
    path = bad_input(kind, tmp_path)
    error = document(path, code=2)["error"]
    assert set(error) == {"title", "remedy", "detail"}
    assert str(path) in error["title"]
    assert error["title"].endswith(".")
    assert error["remedy"].endswith(".")
    in_words = validate(path)
    assert (in_words.returncode, in_words.stdout) == (2, "")
    assert error["title"] in in_words.stderr
    assert error["remedy"] in in_words.stderr


def test_an_unreadable_file_is_refused_in_words(tmp_path: Path) -> None:
    """In a child that gives up root, which may read everything."""
    path = tmp_path / "users.csv"
    path.write_text(HEADER, encoding="utf-8")
    path.chmod(0)
    script = (
        "import os, sys; from spoke_admin import __main__, connection; connection.profile('askspoke');"
        "from spoke_admin.roster import checking, report; from spoke_admin.cli import demo, guide, sandbox;"
        "from spoke_admin.cli import token, validate;"
        "os.geteuid() or os.seteuid(65534); sys.exit(__main__.main(['validate', sys.argv[1], '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be read" in json.loads(done.stdout)["error"]["title"]


@pytest.mark.parametrize(
    "arguments", [["--limit", "-1"], ["--limit", "x"], ["--limit", "1.5"], ["--profile", "none"], ["--sheet", "1"]]
)
def test_bad_arguments_are_refused_in_words(arguments: list[str]) -> None:
    error = document(SAMPLES / "clean-users.csv", *arguments, code=2)["error"]
    assert error["title"].endswith(".")
    assert error["remedy"]


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/us\xe9rs.csv")
    Path(path).write_text(HEADER + GOOD, encoding="utf-8")
    assert document(path, code=0)["file"] == path
    assert validate(path).returncode == 0


def test_ctrl_c_ends_with_130(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        file.writelines(f"u{number}@acme.com,u{number}@acme.com,A,B,\n" for number in range(200_000))
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "spoke_admin", "validate", str(path), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    with process:
        assert process.stderr
        for line in process.stderr:
            if line.endswith("email_validator.validate_email\n"):  # imported at the first row
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert "Stopped." in err


def test_help_shows_an_example() -> None:
    done = validate("--help")
    assert done.returncode == 0
    assert "Example: spoke-admin validate users.csv" in done.stdout
