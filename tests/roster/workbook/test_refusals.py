"""Workbooks that cannot be read are refused in words, soon and in little memory, whatever they pretend to be."""

import random
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from tests.roster.workbook import workbooks as make
from tests.roster.workbook.workbooks import HEADER, checked, read, refusal

ODS = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<office/>"}
WORD = {
    "_rels/.rels": make.ROOT_LINKS.replace("xl/workbook", "word/document").encode(),
    "word/document.xml": b"<document/>",
}
NO_WORKBOOKS = [
    (make.zipped({"users.csv": b"login\n"}), "is a zip file", "users.csv"),
    (make.zipped({"inner.zip": make.zipped({"users.csv": b"login\n"})}), "is a zip file", "Choose"),
    (make.zipped({"in/users.xlsx": make.zipped(make.parts())}), "is a zip file", "in/users.xlsx"),
    (make.zipped(ODS), "OpenDocument", ".xlsx"),
    (make.zipped(WORD), "Word document", "Choose"),
    (make.zipped({"ppt/presentation.xml": b"<p/>"}), "presentation", "Choose"),
    (make.zipped({"META-INF/MANIFEST.MF": b"", "A.class": b""}), "Java", "Choose"),
    (make.zipped({"xl/workbook.bin": b"\x83\x01", "_rels/.rels": b"<R/>"}), "binary workbook", ".xlsx"),
    (make.zipped(make.parts() | {"xl/workbook.xml": b"<document/>"}), "is a zip file", "Choose"),
    (make.ole("EncryptedPackage"), "locked with a password", "password"),
    (make.ole("Workbook"), "old Excel workbook", ".xlsx"),
    (make.forged_flags(make.zipped(make.parts()), "xl/workbook.xml", 1), "locked with a password", "password"),
    (make.forged_method(make.zipped(make.parts()), "xl/workbook.xml", 14), "unusual way", "save it again"),
]


@pytest.mark.parametrize(("data", "title", "remedy"), NO_WORKBOOKS)
def test_what_is_no_workbook(tmp_path: Path, data: bytes, title: str, remedy: str) -> None:
    fault = refusal(tmp_path, data)
    assert title in fault.title
    assert remedy in fault.remedy


def without(name: str) -> bytes:
    parts = make.parts()
    del parts[name]
    return make.zipped(parts)


def with_sheet(xml: str | bytes, **more: Any) -> bytes:
    text = xml.encode() if isinstance(xml, str) else xml
    return make.zipped(make.parts(**more) | {"xl/worksheets/sheet1.xml": text})


SOUND = make.zipped(make.parts())
DAMAGED = {
    "cut off": SOUND[:-30],
    "only its beginning": SOUND[:100],
    "empty zip": b"PK\x03\x04",
    "directory elsewhere": SOUND[:-6] + struct.pack("<L", 7) + SOUND[-2:],
    "directory beyond": SOUND[:-6] + struct.pack("<L", len(SOUND)) + SOUND[-2:],
    "more entries than there are": SOUND[:-14] + struct.pack("<2H", 99, 99) + SOUND[-10:],
    "several disks": SOUND[:-18] + struct.pack("<H", 3) + SOUND[-16:],
    "no 64-bit record": SOUND[:-14] + struct.pack("<2H", 0xFFFF, 0xFFFF) + SOUND[-10:],
    "no 64-bit size": make.forged_size(SOUND, "xl/workbook.xml", 0xFFFFFFFF),
    "longer than it says": make.forged_size(SOUND, "xl/worksheets/sheet1.xml", 10),
    "shorter than it says": make.forged_size(SOUND, "xl/worksheets/sheet1.xml", 10_000),
    "other bytes": make.zipped(make.parts(), zipfile.ZIP_STORED).replace(b">login<", b">logon<"),
    "other packed bytes": SOUND[:60] + b"\xff" * 9 + SOUND[69:],
    "no sheet": without("xl/worksheets/sheet1.xml"),
    "no links": without("xl/_rels/workbook.xml.rels"),
    "no sheet data": with_sheet("<worksheet/>"),
    "cut in a row": with_sheet('<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c>'),
    "cut in a comment": with_sheet("<worksheet><sheetData><!-- "),
    "no XML": with_sheet("<worksheet><sheetData><!x></sheetData></worksheet>"),
    "crossed tags": with_sheet(make.sheet('<row r="1"><c r="A1"><v>1</c></v></row>')),
    "an entity": with_sheet(make.sheet(make.cells(["a"]).replace(">a<", ">&lol;<"))),
    "no text": with_sheet(make.sheet(make.cells(["a"])).encode().replace(b">a<", b">\xff\xfe<")),
    "rows out of order": with_sheet(make.sheet('<row r="2"><c r="A2"/></row><row r="1"><c r="A1"/></row>')),
    "a row twice": with_sheet(make.sheet('<row r="1"><c r="A1"/></row><row r="1"><c r="A1"/></row>')),
    "a cell of another row": with_sheet(make.sheet('<row r="1"><c r="A9"><v>1</v></c></row>')),
    "a cell twice placed": with_sheet(make.sheet('<row r="1"><c r="A1" r="XFD1048576"><v>1</v></c></row>')),
    "hidden by >": with_sheet(make.sheet('<row r="1"><c r="A1" x="><y" r="XFD9"><v>1</v></c></row>')),
    "hidden by <": with_sheet(make.sheet('<row r="1"><c x="<" r="XFD1048576"><v>1</v></c></row>')),
    "a cell nowhere": with_sheet(make.sheet('<row r="1"><c r="1A"><v>1</v></c></row>')),
    "a row nowhere": with_sheet(make.sheet('<row r="x"><c><v>1</v></c></row>')),
    "row 0": with_sheet(make.sheet('<row r="0"><c r="A0"><v>1</v></c></row>')),
    "a cell without a row": with_sheet(make.sheet('<c r="A1"><v>1</v></c>')),
    "an unknown type": with_sheet(make.sheet('<row r="1"><c r="A1" t="zz"><v>1</v></c></row>')),
    "broken index": make.zipped(make.parts() | {"xl/workbook.xml": b"<workbook><sheets>"}),
    "unknown encoding": make.zipped(make.parts() | {"xl/workbook.xml": b"<?xml version='1.0' encoding='zz'?><a/>"}),
    "two of a name": make.zipped([*make.parts().items(), ("XL\\Worksheets/sheet1.xml", b"<worksheet/>")]),
    # the reader panics at this one
    "a date before all times": make.zipped(
        make.parts(
            '<row r="1"><c r="A1" s="0"><v>-1e300</v></c></row>', styles='<cellXfs><xf numFmtId="14"/></cellXfs>'
        )
    ),
    "too many formats": make.zipped(make.parts(styles="<cellXfs>" + "<xf/>" * 70_000 + "</cellXfs>")),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged(tmp_path: Path, damage: str) -> None:
    assert "damaged or incomplete" in refusal(tmp_path, DAMAGED[damage]).title


def far(place: str) -> bytes:
    line = re.sub(r"\D", "", place)
    return with_sheet(make.sheet(f'<row r="{line}"><c r="{place}"><v>1</v></c></row>'))


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
)
OTHER_REFUSALS = {
    "beyond the columns": (far("XFE1"), "beyond the last"),
    "far beyond the columns": (far("ZZZ1"), "beyond the last"),
    "beyond the rows": (far("A1048577"), "beyond the last"),
    "far beyond the rows": (far("A4294967295"), "beyond the last"),
    "rows without places beyond": (
        with_sheet(make.sheet('<row r="1048576"/><row><c><v>1</v></c></row>')),
        "beyond the last",
    ),
    "cells without places beyond": (with_sheet(make.sheet(f"<row>{'<c/>' * 16_385}</row>")), "beyond the last"),
    "UTF-16": (with_sheet(make.sheet(make.cells(HEADER)).encode("utf-16")), "not in UTF-8"),
    "UTF-16 without a mark": (with_sheet(make.sheet(make.cells(HEADER)).encode("utf-16-be")), "not in UTF-8"),
    "Latin": (with_sheet("<?xml version='1.0' encoding='ISO-8859-1'?>" + make.sheet("")), "not in UTF-8"),
    "entities of the sheet": (with_sheet(LAUGHS + "]>" + make.sheet(make.cells(["&j;"]))), "declares entities"),
    "entities of the index": (
        make.zipped(make.parts() | {"xl/workbook.xml": (LAUGHS + "]><workbook>&j;</workbook>").encode()}),
        "declares entities",
    ),
    "entities of the texts": (
        make.zipped(make.parts(texts="") | {"xl/sharedStrings.xml": (LAUGHS + "]><sst/>").encode()}),
        "declares entities",
    ),
    "a bomb": (with_sheet(make.sheet(make.cells(HEADER) + " " * (65 << 20))), "times its size"),
    "a claimed bomb": (make.forged_size(SOUND, "xl/workbook.xml", 2_000_000_000), "times its size"),
    "many parts": (make.zipped([(f"{n}", b"") for n in range(10_001)]), "holds 10,001 parts"),
}


@pytest.mark.parametrize("kind", OTHER_REFUSALS)
def test_refused(tmp_path: Path, kind: str) -> None:
    data, words = OTHER_REFUSALS[kind]
    assert words in refusal(tmp_path, data).title


def test_attacks_stay_within_time_and_memory(tmp_path: Path) -> None:
    """Each in turn in one process, which would not survive the allocation that some of them ask for."""
    noise = random.Random(1).randbytes(1 << 20)  # so that what unpacks is not 100 times the file
    padded = {"noise": noise}
    sparse = "".join(
        f'<row r="{line}"><c r="A{line}"><v>1</v></c><c r="XFD{line}"><v>1</v></c></row>'
        for line in range(1, 1_048_577, 9_000)
    )
    text = "<is><t>" + "a" * (17 << 20) + "</t></is>"
    full = 15 << 20  # just below what a row may have
    attacks = {
        "corners": with_sheet(
            make.sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
        ),
        "sparse": with_sheet(make.sheet(sparse)),
        "long cell": with_sheet(make.sheet(f'<row r="1"><c r="A1" t="inlineStr">{text}</c></row>')),
        "long shared text": make.zipped(make.parts(texts=f"<si><t>{'a' * (17 << 20)}</t></si>") | padded),
        "no end of <": make.zipped(make.parts("<" * (17 << 20)) | padded),
        "row of <": make.zipped(make.parts('<row r="1">' + "<" * full + "</row>") | padded),
        "row of =": make.zipped(make.parts('<row r="1"><c r="A1">' + " =" * (full // 2) + "</c></row>") | padded),
        "row of r=": make.zipped(make.parts('<row r="1"><c r="A1">' + ' r="' * (full // 4) + "</c></row>") | padded),
        "row of cells": make.zipped(make.parts('<row r="1">' + '<c r="A1"/>' * (full // 11) + "</row>") | padded),
        "row of quotes": make.zipped(make.parts("<row r='1'>" + "<c r='A1' x='" * (full // 13) + "</row>") | padded),
        "row of prefixes": make.zipped(make.parts('<row r="1">' + "<a:a:" * (full // 5) + ":c </row>") | padded),
        "row of types": make.zipped(make.parts('<row r="1">' + "<c t=" * (full // 5) + ' t="s"</row>') | padded),
        "no end of comments": make.zipped(make.parts("<!---->" * (1 << 20) + "<!--" * (5 << 20)) | padded),
        "no end of texts": make.zipped(make.parts(texts="<si/>" * 1_000_000) | padded),
        "no end of formats": make.zipped(make.parts(styles="<cellXfs>" + "<xf/>" * 6_000_000) | padded),
        "no end of depth": make.zipped(make.parts() | padded | {"xl/workbook.xml": b"<workbook>" * 3_000_000}),
        "bomb": OTHER_REFUSALS["a bomb"][0],
    }
    for name, data in attacks.items():
        (tmp_path / f"{name}.xlsx").write_bytes(data)
    script = """
import sys, time
from pathlib import Path
import numpy, python_calamine
from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import opened
from spoke_admin.roster.workbook.rows import rows_of

def memory(kind):  # MiB
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index(kind + ":") + 1]) >> 10

for path in map(Path, sys.argv[1:]):
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, start = memory("VmRSS"), time.process_time()
    try:
        with opened(path) as source:
            outcome = sum(1 for _ in rows_of(source))
    except AdminError as fault:
        outcome = fault.title.removeprefix(str(path))
    print(f"{path.stem}|{time.process_time() - start:.2f}|{memory('VmHWM') - before}|{outcome}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, *(str(tmp_path / f"{name}.xlsx") for name in attacks)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    lines = [line.split("|") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == list(attacks)
    for name, seconds, grown, _ in lines:
        assert float(seconds) < 2, name
        assert int(grown) < 256, name


# --- whatever comes ---------------------------------------------------------------------------------------------------


def judged_or_refused(path: Path, data: bytes) -> bool:
    """Whether it was read. Any other fault than an AdminError comes through."""
    path.write_bytes(data)
    try:
        read(path)
    except AdminError as fault:
        checked(fault, path)
        return False
    return True


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_behind_the_mark_of_a_zip(tmp_path: Path, data: bytes) -> None:
    assert not judged_or_refused(tmp_path / "users.xlsx", b"PK\x03\x04" + data)


def test_cut_and_flipped_workbooks(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER, *([f"user{n}@example.com", n, None, True] for n in range(30))]
    sound = make.written(tmp_path / "sound.xlsx", {"Users": rows}).read_bytes()
    chance, path = random.Random(7), tmp_path / "users.xlsx"
    for length in chance.sample(range(1, len(sound)), 150):
        assert not judged_or_refused(path, sound[:length])
    for _ in range(600):
        flipped = bytearray(sound)
        for _ in range(chance.choice((1, 1, 3, 20))):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        judged_or_refused(path, bytes(flipped))


def test_changed_xml_is_judged_or_refused(tmp_path: Path) -> None:
    """The zip is sound, its XML is not: deletions, doublings, swaps of marks and numbers."""
    parts = make.parts(
        make.cells(HEADER, ["a", "b"])
        + '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="1"><v>45351</v></c></row>',
        "<si><t>x</t></si><si><r><t>y</t></r></si>",
        '<numFmts><numFmt numFmtId="164" formatCode="yyyy"/></numFmts><cellXfs><xf/><xf numFmtId="164"/></cellXfs>',
    )
    chance, path, read_at_all = random.Random(11), tmp_path / "users.xlsx", 0
    inserts = [
        b"<",
        b">",
        b'"',
        b"'",
        b"=",
        b"/",
        b":",
        b" ",
        b"9999999",
        b"XFD",
        b"1e999",
        b"<!--",
        b"]]>",
        b"&#0;",
        b"-",
    ]
    for _ in range(500):
        changed = dict(parts)
        name = chance.choice([name for name in parts if name.startswith("xl/")] + ["xl/worksheets/sheet1.xml"] * 5)
        text = bytearray(changed[name])
        for _ in range(chance.choice((1, 2, 4))):
            at = chance.randrange(len(text))
            length = chance.choice((0, 0, 1, 5))
            start = chance.randrange(len(text))
            new = chance.choice([b"", chance.choice(inserts), bytes(text[start : start + 12])])
            text[at : at + length] = new
        changed[name] = bytes(text)
        read_at_all += judged_or_refused(path, make.zipped(changed, zipfile.ZIP_STORED))
    assert 30 < read_at_all < 470
