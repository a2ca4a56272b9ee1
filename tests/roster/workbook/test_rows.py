"""Workbooks: every cell as the text that a spreadsheet shows, however a program wrote it."""

import datetime as dt
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import opened
from spoke_admin.roster.workbook.rows import rows_of
from tests.roster.workbook import workbooks as make
from tests.roster.workbook.workbooks import HEADER, checked, in_pieces_of, read, read_bytes, refusal


def table(tmp_path: Path, rows: str, **more: Any) -> list[list[str]]:
    """The cells of a forged sheet."""
    return [row.cells for row in read_bytes(tmp_path, make.zipped(make.parts(rows, **more)))]


# --- what cells hold -------------------------------------------------------------------------------------------------


def test_texts_numbers_dates_and_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        date, clock, both, duration = (
            workbook.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "hh:mm", "d.m.yyyy h:mm", "[h]:mm:ss")
        )
        values: list[tuple[Any, ...]] = [
            ("text ",),
            (4155552671.0,),
            (1.5,),
            (-0.1,),
            (0.1 + 0.2,),
            (1e15,),
            (12345678901234567890,),
            (1e-7,),
            (0,),
            (True,),
            (False,),
            (dt.date(2024, 2, 29), date),
            (dt.datetime.fromisoformat("2024-02-29T13:14:15"), both),
            (dt.datetime.fromisoformat("2024-02-29"), both),
            (dt.time(7, 8, 9), clock),
            (dt.timedelta(hours=30, minutes=1, seconds=2), duration),
            ("007",),
            ("",),
        ]
        for place, value in enumerate(values):
            if isinstance(value[0], str):
                sheet.write_string(0, place, value[0])
            else:
                sheet.write(0, place, *value)
        sheet.write_formula(0, len(values), "=NA()", None, "#N/A")
        sheet.write_formula(0, len(values) + 1, '="a"&"b"', None, "ab")
        sheet.write_formula(0, len(values) + 2, "=1+1", None, 2)
        sheet.write_rich_string(0, len(values) + 3, "plain ", workbook.add_format({"bold": True}), "bold", " & <more>")
    (row,) = read(path)
    assert row.line == 1
    assert row.cells == [
        "text ",
        "4155552671",
        "1.5",
        "-0.1",
        "0.3",
        "1000000000000000",
        "12345678901234600000",
        "0.0000001",
        "0",
        "TRUE",
        "FALSE",
        "2024-02-29",
        "2024-02-29T13:14:15",
        "2024-02-29",
        "07:08:09",
        "30:01:02",
        "007",
        "",
        "#N/A",
        "ab",
        "2",
        "plain bold & <more>",
    ]
    assert row.numbers == (*range(1, 9), 20)


def test_dates_since_1904_and_dates_in_iso(tmp_path: Path) -> None:
    path = tmp_path / "old.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as workbook:
        shown = workbook.add_format({"num_format": "d mmm yyyy"})
        workbook.add_worksheet().write_datetime(0, 0, dt.datetime.fromisoformat("2024-02-29"), shown)
    assert read(path)[0].cells == ["2024-02-29"]
    iso = '<row r="1"><c r="A1" t="d"><v>2024-02-29</v></c><c r="B1" t="d"><v>2024-02-29T01:02:03</v></c></row>'
    assert table(tmp_path, iso) == [["2024-02-29", "2024-02-29T01:02:03"]]


@pytest.mark.parametrize("error", ["#N/A", "#SPILL!", "#REF!", "#CALC!", "#GETTING_DATA"])
def test_errors_are_texts_new_ones_too(tmp_path: Path, error: str) -> None:
    rows = f'<row r="1"><c r="A1" t="e"><v>{error}</v></c><c r="B1" s="0" t="e"><f>x</f><v>{error}</v></c></row>'
    assert table(tmp_path, rows) == [[error, error]]


def test_shared_texts(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" s="0" t="s"><v>3</v></c><c r="C1" t="s"><v>2</v></c>'
        '<c r="D1" t="s"><v>4</v></c><c r="E1" t="s"><v>0</v></c><c r="F1" t="s"><v>1</v></c></row>'
    )
    texts = (
        '<si/><si><t>a &amp; b&#10;c_x0041_</t></si><si><t xml:space="preserve"> x </t></si>'
        "<si><r><rPr><b/></rPr><t>bold</t></r><r><t>er</t></r><rPh sb='0' eb='1'><t>no</t></rPh></si>"
        "<si><t><![CDATA[<c>&]]></t></si>"
    )
    assert table(tmp_path, rows, texts=texts) == [["a & b\ncA", "bolder", " x ", "<c>&", "", "a & b\ncA"]]


@pytest.mark.parametrize("place", ["5", "-1", "x", ""])
def test_a_shared_text_that_is_not_there(tmp_path: Path, place: str) -> None:
    rows = f'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="s"><v>{place}</v></c></row>'
    for texts in ("<si><t>a</t></si>", None):
        fault = refusal(tmp_path, make.zipped(make.parts(rows, texts)))
        assert "damaged" in fault.title


def test_texts_of_astral_and_private_characters_are_no_marks(tmp_path: Path) -> None:
    texts = ["😀5", "\ue0005", "\ufffd5", "𐀀"]
    path = make.written(tmp_path / "users.xlsx", {"Users": [texts]})
    assert read(path)[0].cells == texts
    assert table(tmp_path, make.cells(texts)) == [texts]


# --- rows, widths, lines ---------------------------------------------------------------------------------------------


def test_blank_rows_count_as_lines(tmp_path: Path) -> None:
    path = make.written(tmp_path / "users.xlsx", {"Users": [[], HEADER, [], ["", "", ""], ["a", "b", "c", "d"]]})
    assert [(row.line, row.cells) for row in read(path)] == [(2, HEADER), (5, ["a", "b", "c", "d"])]


def test_rows_are_as_wide_as_the_header_unless_something_stands_beyond(tmp_path: Path) -> None:
    rows = [["", "b", "c", ""], ["1"], ["1", "2", "3", "", ""], ["1", "2", "3", "", "5", ""], ["", "", "3"]]
    path = make.written(tmp_path / "users.xlsx", {"Users": rows})
    assert [row.cells for row in read(path)] == [
        ["", "b", "c"],
        ["1", "", ""],
        ["1", "2", "3"],
        ["1", "2", "3", "", "5"],
        ["", "", "3"],
    ]


def test_formatted_blank_cells_make_no_row_too_long(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet, yellow = workbook.add_worksheet(), workbook.add_format({"bg_color": "yellow"})
        sheet.write_row(0, 0, HEADER)
        for line in range(1, 4):
            sheet.write_row(line, 0, ["a", "b", "c", "d"])
            sheet.write_blank(line, 900, None, yellow)
    assert {len(row.cells) for row in read(path)} == {4}


def test_the_last_row_and_column_of_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_string(0, 0, "login")
        sheet.write_string(1_048_575, 16_383, "corner")
    first, last = read(path)
    assert (first.line, first.cells) == (1, ["login"])
    assert (last.line, len(last.cells), last.cells[-1]) == (1_048_576, 16_384, "corner")


def test_many_rows_of_which_some_are_very_wide(tmp_path: Path) -> None:
    rows = [[f"{line}", *([None] * 15_000), "far"] if line % 10 == 0 else [f"{line}", "x"] for line in range(150)]
    path = make.written(tmp_path / "users.xlsx", {"Users": [["login", "email"], *rows]})
    found = read(path)
    assert [row.cells[0] for row in found[1:]] == [row[0] for row in rows]
    assert [len(row.cells) for row in found[1:]] == [15_002 if line % 10 == 0 else 2 for line in range(150)]


def test_a_claimed_dimension_is_not_believed(tmp_path: Path) -> None:
    parts = make.parts()
    xml = make.sheet(make.cells(HEADER, ["a", "b", "c", "d"])).replace(
        "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    found = read_bytes(tmp_path, make.zipped(parts | {"xl/worksheets/sheet1.xml": xml.encode()}))
    assert [row.cells for row in found] == [HEADER, ["a", "b", "c", "d"]]


# --- sheets ----------------------------------------------------------------------------------------------------------


def three_sheets(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as workbook:
        hidden, blank, chart = workbook.add_worksheet("Old"), workbook.add_worksheet("Blank"), workbook.add_chartsheet()
        hidden.write_row(0, 0, ["old"])
        workbook.add_worksheet("Users & <more>").write_row(0, 0, HEADER)
        workbook.add_worksheet("Notes").write_row(0, 0, ["note"])
        drawn = workbook.add_chart({"type": "bar"})
        drawn.add_series({"values": "=Notes!$A$1:$A$2"})
        chart.set_chart(drawn)
        blank.activate()
        hidden.hide()
    return path


def test_the_first_visible_sheet_that_holds_anything(tmp_path: Path) -> None:
    path = three_sheets(tmp_path / "users.xlsx")
    assert read(path)[0].cells == HEADER
    assert read(path, "Old")[0].cells == ["old"]
    assert read(path, "Notes")[0].cells == ["note"]
    assert read(path, "Users & <more>")[0].cells == HEADER


def test_a_sheet_that_is_not_there_or_holds_nothing(tmp_path: Path) -> None:
    path = three_sheets(tmp_path / "users.xlsx")
    for name, words in (("users", "has no sheet users"), ("Blank", "holds no rows"), ("Chart1", "holds no rows")):
        with pytest.raises(AdminError, match=words) as caught:
            read(path, name)
        assert "Users & <more>" in checked(caught.value, path).remedy
        assert "Chart1" not in caught.value.remedy


def test_at_most_twenty_sheets_are_listed(tmp_path: Path) -> None:
    path = make.written(tmp_path / "users.xlsx", {f"Sheet {number}": [["a"]] for number in range(50)})
    with pytest.raises(AdminError) as caught:
        read(path, "none")
    assert "Sheet 19 and 30 more." in checked(caught.value, path).remedy


def test_an_empty_workbook(tmp_path: Path) -> None:
    path = make.written(tmp_path / "users.xlsx", {"A": [], "B": [[""]]})
    with pytest.raises(AdminError, match="is empty"):
        read(path)


# --- as other programs write -----------------------------------------------------------------------------------------

OTHERS: dict[str, Callable[[str], str]] = {
    "prefix": lambda xml: re.sub(r"<(/?)(?=[a-z])", r"<\1x:", xml),
    "other attributes first": lambda xml: re.sub(r'<(c|row) (r="\w+")([^>]*?)(/?)>', r'<\1 x:y="1"\3 \2\4>', xml),
    "single quotes": lambda xml: re.sub(r'="([^"]*)"', r"='\1'", xml),
    "blanks in tags": lambda xml: re.sub(r'="([^"]*)"', '\t= \n"\\1"\n', xml),
    "no places of cells": lambda xml: re.sub(r'<c r="\w+"', "<c", xml),
    "no places at all": lambda xml: re.sub(r'<(c|row) r="\w+"', r"<\1", xml),
    "small letters": lambda xml: re.sub(r'<c r="(\w+)"', lambda found: f'<c r="{found[1].lower()}"', xml),
    "comments": lambda xml: xml.replace("<c ", "<!-- <row> </sheetData> --><?x <c r='XFD9'?><c "),
    "line ends": lambda xml: xml.replace("<row", "\r\n  <row").replace("<c ", "\n<c "),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("size", [1 << 22, 64])
def test_as_other_programs_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str, size: int) -> None:
    in_pieces_of(monkeypatch, size)
    rows = "".join(
        f'<row r="{line}" spans="1:4"><c r="A{line}" t="s"><v>{line % 3}</v></c><c r="B{line}" s="1"/>'
        f'<c r="C{line}" t="e"><f>a</f><v>#N/A</v></c><c r="D{line}" t="str"><v>a r="B9" t="s" = \'x\' :c </v></c>'
        f'<c r="E{line}" s="1"><v>45351</v></c><c r="F{line}" t="s"><v>2</v></c></row>'
        for line in range(1, 30)
    )
    texts = "<si><t>zero</t></si><si><t>one</t></si><si><t>two</t></si>"
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    expected = [
        [("zero", "one", "two")[line % 3], "", "#N/A", 'a r="B9" t="s" = \'x\' :c ', "2024-02-29", "two"]
        for line in range(1, 30)
    ]
    parts = make.parts(rows, texts, styles)
    assert [row.cells for row in read_bytes(tmp_path, make.zipped(parts))] == expected
    xml = OTHERS[other](make.sheet(rows))
    if other in ("single quotes", "blanks in tags"):  # the text is no tag
        xml = make.sheet(re.sub(r"<[^>]*>", lambda tag: OTHERS[other](tag[0]), rows))
    parts["xl/worksheets/sheet1.xml"] = xml.encode()
    assert [row.cells for row in read_bytes(tmp_path, make.zipped(parts))] == expected


def test_rows_without_places_go_on_behind_those_with(tmp_path: Path) -> None:
    rows = (
        "<row><c><v>1</v></c></row><row r='5'><c r='B5'><v>5</v></c><c><v>6</v></c></row><row/>"
        "<row><c/><c><v>7</v></c></row>"
    )
    found = read_bytes(tmp_path, make.zipped(make.parts(rows)))
    assert [(row.line, row.cells) for row in found] == [(1, ["1"]), (5, ["", "5", "6"]), (7, ["", "7"])]


def test_a_part_in_another_place_and_with_a_mark(tmp_path: Path) -> None:
    parts = make.parts()
    parts["_rels/.rels"] = make.ROOT_LINKS.replace("xl/workbook.xml", "/Book/Main.xml").encode()
    parts["Book/main.xml"] = parts.pop("xl/workbook.xml")
    parts["book/_rels/main.xml.rels"] = make.LINKS.replace("worksheets/", "/data/./../DATA/").encode()
    del parts["xl/_rels/workbook.xml.rels"]
    parts["data/Sheet1.xml"] = b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>\n" + parts.pop(
        "xl/worksheets/sheet1.xml"
    )
    assert read_bytes(tmp_path, make.zipped(parts))[0].cells == HEADER


def test_shared_texts_with_a_prefix(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>0</v></c></row>'
    texts = f'<x:sst xmlns:x="{make.MAIN}" count="2"><x:si><x:t>zero</x:t></x:si><x:si><x:t>one</x:t></x:si></x:sst>'
    parts = make.parts(rows, "") | {"xl/sharedStrings.xml": texts.encode()}
    assert read_bytes(tmp_path, make.zipped(parts))[0].cells == ["one", "zero"]


def test_with_macros_and_what_is_not_looked_at(tmp_path: Path) -> None:
    parts = make.parts() | {"xl/vbaProject.bin": bytes(100), "xl/media/image1.png": b"PK\x03\x04", "xl/": b""}
    assert read_bytes(tmp_path, make.zipped(parts))[0].cells == HEADER
    assert read_bytes(tmp_path, make.zipped(parts, zipfile.ZIP_STORED))[0].cells == HEADER


def test_a_zip_of_64_bits_and_one_with_a_comment(tmp_path: Path) -> None:
    path = make.written(tmp_path / "wide.xlsx", {"Users": [HEADER]}, use_zip64=True)
    assert read(path)[0].cells == HEADER
    data = bytearray(make.zipped(make.parts()))
    end = len(data) - 22
    number, length, place = struct.unpack_from("<10xH2L", data, end)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, length, place)
    record += struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    struct.pack_into("<2H2L", data, end + 8, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    assert read_bytes(tmp_path, bytes(data[:end] + record + data[end:]))[0].cells == HEADER
    commented = make.zipped(make.parts())[:-2] + struct.pack("<H", 300) + b"x" * 300
    assert read_bytes(tmp_path, commented)[0].cells == HEADER


# --- however it is cut, whatever comes -------------------------------------------------------------------------------


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters=[*map(chr, range(32)), "\x7f", "\ufffe", "\uffff"])
    | st.sampled_from(list("\t\n\r <>&\"'=:r_x0")),
    max_size=12,
)


@given(st.lists(st.lists(XML_TEXT, min_size=1, max_size=5), min_size=1, max_size=6), st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_texts_come_back_as_they_were(tmp_path: Path, rows: list[list[str]], inline: bool) -> None:
    path = make.written(tmp_path / "users.xlsx", {"Users": rows}, constant_memory=inline)
    expected = [(line, row) for line, row in enumerate(rows, 1) if any(row)]
    if not expected:
        with pytest.raises(AdminError, match="is empty"):
            read(path)
        return
    found = read(path)
    assert [row.line for row in found] == [line for line, _ in expected]
    for row, (_, texts) in zip(found, expected, strict=True):
        longest = max(len(row.cells), len(texts))
        assert row.cells + [""] * (longest - len(row.cells)) == texts + [""] * (longest - len(texts))
        assert row.numbers == ()


@pytest.mark.parametrize("size", [1, 40, 300, 5_000])
@pytest.mark.parametrize("constant_memory", [False, True])
def test_the_same_rows_however_the_sheet_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, constant_memory: bool
) -> None:
    rows = [[f"user{n}@example.com", n * 1.25, f"é{n % 7}", None, "=x"] for n in range(60)]
    path = make.written(tmp_path / "users.xlsx", {"Users": [HEADER, *rows]}, constant_memory=constant_memory)
    whole = read(path)
    assert len(whole) == 61
    in_pieces_of(monkeypatch, size)
    assert read(path) == whole


class Stopped(Exception):  # noqa: N818  (no fault)
    pass


@pytest.mark.parametrize("limit", range(1, 30))
def test_reading_can_be_stopped_at_any_look(tmp_path: Path, limit: int) -> None:
    path = make.written(tmp_path / "users.xlsx", {"Users": [HEADER, *([["a"]] * 20)]})
    looks = iter(range(1, limit))

    def look() -> None:
        if next(looks, None) is None:
            raise Stopped

    with opened(path) as source, pytest.raises(Stopped):
        list(rows_of(source, look=look))
