"""Every polluted file is judged as the rules say or refused in words, whatever it holds and however it is read."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding
from spoke_admin.roster.checking import Result, check_file
from spoke_admin.roster.text import Text
from spoke_admin.roster.words import SEVERITIES
from tests.roster import oracle
from tests.roster.corpus import FILES, PIECES
from tests.roster.profiles import ASKSPOKE

BLOCKS = (1, 7, 64, 1000)  # bytes that are read at once
MOST_FOR_SINGLE_BYTES = 8_000  # of a file, where a line is put together byte by byte
LISTED = 50  # findings of a giant file that are put into words, from either end

KINDS = {name: name.partition(": ")[0] for name in FILES}
SMALL = [name for name, kind in KINDS.items() if kind not in ("nothing", "foreign", "border", "giant")]
REFUSED: dict[str, str] = {name: "is empty" for name, kind in KINDS.items() if kind == "nothing"}
REFUSED |= {name: "not a text file" for name, kind in KINDS.items() if kind == "foreign"} | {
    "foreign: a PNG": "is a picture",
    "foreign: a PDF": "is a PDF",
    "foreign: a gzip file": "packed by gzip",
    "foreign: a zip file": "zip file",
    "foreign: an empty zip file": "zip file",
    "foreign: an old workbook": "an old Excel workbook",
    "foreign: a program of Linux": "is a program",
    "giant: one line of 10 MB of blanks": "is empty",
    "giant: one line of 10 MB": "has 10,000,000 characters",
    "giant: 20,001 columns": "has 20,001 columns",
}


@pytest.fixture(autouse=True)
def in_blocks_of_a_mib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corpus has its traps at that border."""
    monkeypatch.setattr(Text.blocks, "__defaults__", (1 << 20,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def check(path: Path, name: str) -> tuple[Result, bytes]:
    data = FILES[name]()
    path.write_bytes(data)
    return check_file(path, ASKSPOKE), data


def form(found: Result) -> tuple[str, str, list[str], int]:
    return found.encoding, found.delimiter, found.columns, found.rows


def said(findings: list[Finding]) -> Iterator[str]:
    """What is wrong with the words of some findings, which everything that shows them relies on."""
    for it in findings:
        if it.severity is not SEVERITIES[it.code]:
            yield f"{it.code} has another severity"
        if not (it.message.endswith(".") and it.fix.endswith(".")):
            yield f"{it.code} is not told in sentences: {it.message!r} {it.fix!r}"
        for text in (it.column or "", it.value, it.message, it.fix):
            text.encode()  # no half characters


def refusal(path: Path, name: str) -> AdminError:
    path.write_bytes(FILES[name]())
    with pytest.raises(AdminError) as caught:
        check_file(path, ASKSPOKE)
    return caught.value


def test_the_corpus_is_large_and_its_files_differ() -> None:
    assert len(FILES) >= 320
    small = {name: FILES[name]() for name in (*SMALL, *REFUSED)}
    assert small == {name: FILES[name]() for name in small}
    same = [name for name, data in small.items() if list(small.values()).count(data) > 1]
    assert len(same) <= 2
    assert min(Counter(KINDS.values()).values()) >= 15


@pytest.mark.parametrize("name", SMALL)
def test_judged_as_the_rules_say(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, data = check(path, name)
    wanted = oracle.judge(data)
    findings = list(found.findings)
    engine, rules = Counter((it.line, it.column, it.code) for it in findings), Counter(wanted.findings)
    assert form(found) == (wanted.encoding, wanted.delimiter, wanted.columns, wanted.rows)
    assert engine == rules, f"engine only: {engine - rules}; rules only: {rules - engine}"
    lines = [it.line for it in findings]
    assert lines == sorted(lines)
    assert all(1 <= line <= len(oracle.lines_of(oracle.decode(data)[0])) for line in lines)
    assert list(said(findings)) == []
    assert found.by_code == Counter(it.code for it in findings)
    for size in BLOCKS:
        if size < len(data) and (size >= 64 or len(data) <= MOST_FOR_SINGLE_BYTES):
            monkeypatch.setattr(Text.blocks, "__defaults__", (size,))
            again = check_file(path, ASKSPOKE)
            assert form(again) == form(found)
            assert list(again.findings) == findings, f"in blocks of {size}"


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_words(path: Path, name: str) -> None:
    error = refusal(path, name)
    assert REFUSED[name] in error.title
    assert error.title.endswith(".")
    assert error.remedy.endswith(".")
    assert str(path) in error.title


# -- files that are too large for the rules in plain Python: what is wrong in them was counted by hand ----------------

BORDER: dict[str, list[tuple[str | None, str]]] = {
    "a quote that is not closed": [(None, "quote_unclosed")],
    "a stray quote": [("title", "quote_broken")],
    "damage": [("title", "undecodable")],
}


@pytest.mark.parametrize("name", [name for name in FILES if re.search(r"\d before 1 MiB", name)])
def test_what_lies_over_the_border_of_a_block(path: Path, name: str) -> None:
    found, data = check(path, name)
    piece = name.removeprefix("border: ").rsplit(" ", 5)[0]
    assert piece in PIECES
    text = data.decode(found.encoding, "surrogateescape")
    line = text[: text.index("border@")].count("\n") + 1
    assert [(it.line, it.column, it.code) for it in found.findings] == [(line, *it) for it in BORDER.get(piece, [])]
    assert found.rows == text.count("\n") - (
        piece == "a line end in quotes"
    )  # the last line has no end, the first is none


def lines_holding(data: bytes, part: bytes) -> list[int]:
    return [number for number, line in enumerate(data.split(b"\n"), 1) if part in line]


@pytest.mark.parametrize(
    ("name", "assumed"),
    [
        ("accents, then more bytes that are none behind 1 MiB", True),
        ("accents, then as many bytes that are none behind 1 MiB", False),
        ("bytes that are none, then as many accents behind 1 MiB", False),
        ("bytes that are none, then fewer accents behind 1 MiB", True),
        ("one byte that is none behind 1 MiB", True),
        ("one byte that is none in the header, then 1 MiB of ASCII", True),
    ],
)
def test_an_encoding_that_only_the_whole_file_tells(path: Path, name: str, *, assumed: bool) -> None:
    found, data = check(path, f"border: {name}")
    places = [(it.line, it.column, it.code) for it in found.findings]
    assert found.rows == data.count(b"\n") - 1
    if "header" in name:
        assert places[:2] == [(1, None, "encoding_assumed"), (1, "é", "unknown_column")]
        assert set(found.by_code) == {"encoding_assumed", "unknown_column", "row_too_short"}
    elif assumed:
        assert places == [(1, None, "encoding_assumed")]
    else:
        assert places == [(line, "firstName", "undecodable") for line in lines_holding(data, b"Jos\xe9")]
        assert len(places) == 20
    assert found.encoding == ("windows-1252" if assumed else "utf-8")


# rows; and of each kind how many findings, and the lines they are on
GIANTS: dict[str, tuple[int, dict[str, int], set[int]]] = {
    "10 MB in one cell": (2, {"too_long": 1}, {2}),
    "10 MB in one cell, UTF-16": (2, {"too_long": 1}, {2}),
    "10 MB in one cell in quotes": (2, {"too_long": 1}, {2}),
    "10 MB of doubled quotes in one cell": (2, {"too_long": 1}, {2}),
    "10 MB of accents in one cell": (2, {"too_long": 1}, {2}),
    "10 MB of blanks for a name": (2, {"missing_value": 1}, {2}),
    "1 MB for a login": (2, {"email_invalid": 1, "too_long": 1}, {2}),
    "1 MB for a phone": (2, {"phone_invalid": 1, "too_long": 1}, {2}),
    "a line of 10 MB of delimiters": (2, {"row_too_long": 1}, {2}),
    "a line of 10 MB of quotes": (2, {"row_too_short": 1}, {2}),
    "a line of 10 MB of quotes and one more": (2, {"quote_unclosed": 1}, {2}),
    "a line of 2 MB of empty cells in quotes": (2, {"row_too_long": 1}, {2}),
    "a line of 100 KB of stray quotes": (2, {"row_too_long": 1, "quote_broken": 25_000}, {2}),
    "300,000 blank lines": (1, {}, set()),
    "300,000 blank lines before the header": (2, {}, set()),
    "300,000 rows of a cell": (300_001, {"row_too_short": 300_000}, set(range(2, 300_002))),
    "20,000 rows ended by lone CR": (20_001, {}, set()),
    "a quote that is not closed before 10 MB on one line": (3, {"quote_unclosed": 1, "row_too_short": 1}, {2, 3}),
    "a header of 3 MB in one name": (2, {"unknown_column": 1, "row_too_short": 1}, {1, 3}),
    "10,000 columns": (10, {"unknown_column": 9_993}, {1}),
    "20,000 columns": (10, {"unknown_column": 19_993}, {1}),
}


@pytest.mark.parametrize("name", GIANTS)
def test_giants(path: Path, name: str) -> None:
    found, _data = check(path, f"giant: {name}")
    rows, by_code, lines = GIANTS[name]
    assert (found.rows, found.by_code) == (rows, by_code)
    assert set(found.findings.lines.tolist()) == lines
    assert list(said([*found.findings[:LISTED], *found.findings[-LISTED:]])) == []


def test_every_giant_and_border_is_tested() -> None:
    giants = {f"giant: {name}" for name in GIANTS} | set(REFUSED)
    assert {name for name, kind in KINDS.items() if kind == "giant"} <= giants
    assert sum(kind == "border" for kind in KINDS.values()) == 38 + 6
