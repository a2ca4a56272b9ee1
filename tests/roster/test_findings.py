"""Findings as arrays: their order, their text, how much of it is kept."""

from pathlib import Path

import numpy as np
import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.roster import findings as module
from spoke_admin.roster.checking import check_file
from spoke_admin.roster.findings import KEPT, Collector, key_of
from spoke_admin.roster.words import CODES, finding
from tests.roster.profiles import ASKSPOKE

HEADER = "login,email,firstName,lastName,title\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def test_findings_are_in_order_of_line_column_and_code() -> None:
    into = Collector()
    buffer = np.frombuffer(b"onetwothree" + bytes(64), np.uint8)
    starts, ends = np.array([0, 3, 6]), np.array([3, 6, 11])
    into.add_cells("too_long", np.array([9, 4, 4]), 2, buffer, starts, ends)
    into.add_cells("email_invalid", np.array([4]), 2, buffer, starts[:1], ends[:1])
    into.add("row_too_short", np.array([7]))
    into.tell(finding(1, "x", "unknown_column", "first"), 5)
    into.tell(finding(1, "y", "missing_column", "second"))
    into.tell(finding(1, "z", "missing_column", "third"))
    found = into.findings(lambda line, column, code, text: finding(line, str(column), code, text or "-"))
    assert [(it.line, it.column, it.code, it.value) for it in found] == [
        (1, "y", "missing_column", "second"),
        (1, "z", "missing_column", "third"),
        (1, "x", "unknown_column", "first"),
        (4, "2", "too_long", "two"),
        (4, "2", "too_long", "three"),
        (4, "2", "email_invalid", "one"),
        (7, "-1", "row_too_short", "-"),
        (9, "2", "too_long", "one"),
    ]
    assert found[-1].line == 9
    assert [it.line for it in found[2:5]] == [1, 4, 4]
    assert found[-7].value == "third"
    with pytest.raises(IndexError):
        found[8]
    assert found.by_code() == {
        "email_invalid": 1, "missing_column": 2, "row_too_short": 1, "too_long": 3, "unknown_column": 1
    }  # fmt: skip


def test_a_key_holds_any_line_column_and_code() -> None:
    for line in (1, 2**31, 2**39):
        for column in (-1, 0, 16_383, 100_000):
            for number, code in enumerate(CODES):
                key = key_of(line, column, code)
                assert (key >> 24, (key >> 8 & 0xFFFF) - 1, key & 0xFF) == (line, min(column, 65_534), number)


def test_text_that_is_not_kept_is_read_from_the_file(path: Path) -> None:
    long = "x" * (KEPT + 40) + "é"
    path.write_text(HEADER + "".join(f"u{n}@a.de,u{n}@a.de,A,B,{n}{long}\n" for n in range(2000)), encoding="utf-8")
    result = check_file(path, ASKSPOKE)
    assert len(result.findings) == 2000
    assert [it.value for it in result.findings[1500:1503]] == [f"{n}{long}" for n in (1500, 1501, 1502)]
    assert result.findings[1999].message == "It has 125 characters; at most 100 are taken."


def test_beyond_what_may_be_kept_text_is_read_from_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(HEADER + "".join(f"bad{n},u{n}@a.de,A,B,\n" for n in range(30_000)), encoding="utf-16")
    kept = check_file(path, ASKSPOKE).findings
    monkeypatch.setattr(module, "MOST_KEPT", 1000)
    monkeypatch.setattr("spoke_admin.roster.text.Text.blocks.__defaults__", (5000,))
    found = check_file(path, ASKSPOKE).findings
    assert len(found.texts) < len(kept.texts) / 10
    assert len(found) == 30_000
    assert [it.value for it in found[::3001]] == [f"bad{n}" for n in range(0, 30_000, 3001)]
    assert list(found[:50]) == list(kept[:50])


def test_a_file_that_was_changed_or_is_gone_is_said(path: Path) -> None:
    path.write_text(HEADER + f"u@a.de,u@a.de,A,B,{'x' * 101}\nU@a.de,u@a.de,A,B,\n", encoding="utf-8")
    result = check_file(path, ASKSPOKE)
    assert result.findings[1].value == "U@a.de"
    path.write_text("else", encoding="utf-8")
    assert result.lookup.record(2).cells[0] == "u@a.de"  # was read together with the other
    with pytest.raises(AdminError, match="was changed since"):
        check_again(path, "else")
    path.unlink()
    with pytest.raises(AdminError, match="There is no file"):
        check_again(path, "gone")


def check_again(path: Path, how: str) -> None:
    """Looks a text up after the file was changed or removed."""
    path.write_text(HEADER + f"u@a.de,u@a.de,A,B,{'x' * 101}\n", encoding="utf-8")
    result = check_file(path, ASKSPOKE)
    if how == "else":
        path.write_text("else", encoding="utf-8")
    else:
        path.unlink()
    result.findings[0]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_any_record_is_found_again_by_its_line(path: Path, codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoke_admin.roster.text.Text.blocks.__defaults__", (3000,))
    monkeypatch.setattr("spoke_admin.roster.lookup.AHEAD", 700)
    rows = [f'u{n}@a.de,,"é\n{n}",B' + ("x" * 2000 if n % 97 == 0 else "") for n in range(1200)]
    text = "\r\n".join([HEADER.strip(), *rows, ""])
    path.write_bytes(text.encode(codec))
    result = check_file(path, ASKSPOKE)
    assert result.rows == 1200
    for n in (0, 1, 96, 97, 98, 600, 1199, 511, 256, 255):
        record = result.lookup.record(2 + 2 * n)
        assert (record.line, record.cells[:3]) == (2 + 2 * n, [f"u{n}@a.de", "", f"é\n{n}"])
    for line in (0, 2402, 10**9):
        with pytest.raises(AdminError):
            result.lookup.record(line)
