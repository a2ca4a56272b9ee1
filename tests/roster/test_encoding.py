"""Encodings by the rules, and what is no text."""

import codecs
import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.roster import encoding
from spoke_admin.roster.encoding import CHUNK, Encoding, encoding_of
from spoke_admin.roster.source import opened
from tests.roster import oracle

HEAD = "login,email\n"


def found(path: Path, data: bytes) -> Encoding:
    path.write_bytes(data)
    with opened(path) as source:
        return encoding_of(source)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (HEAD.encode(), Encoding("utf-8")),
        (codecs.BOM_UTF8 + HEAD.encode(), Encoding("utf-8", 3)),
        (codecs.BOM_UTF8 + b"a\xff\xff", Encoding("utf-8", 3)),
        (HEAD.encode("utf-16"), Encoding("utf-16-le", 2)),
        (codecs.BOM_UTF16_BE + HEAD.encode("utf-16-be"), Encoding("utf-16-be", 2)),
        (HEAD.encode("utf-16-le"), Encoding("utf-16-le")),
        (HEAD.encode("utf-16-be"), Encoding("utf-16-be")),
        (HEAD.encode("utf-16-le") + b"x", Encoding("utf-16-le")),
        ((HEAD + "Łukasz,Жанна\n").encode("utf-16-le"), Encoding("utf-16-le")),
        ("José".encode("cp1252"), Encoding("windows-1252", assumed=True)),
        ("José".encode("cp1252") + "é".encode(), Encoding("utf-8")),  # as many as valid ones: damage
        ("José Zoë".encode("cp1252") + "é".encode(), Encoding("windows-1252", assumed=True)),
        ("é€😀".encode() + b"\xff\xff\xff", Encoding("utf-8")),
        ("é€😀".encode() + b"\xff\xff\xff\xff", Encoding("windows-1252", assumed=True)),
        (b"abc\xe2\x82", Encoding("windows-1252", assumed=True)),  # a character cut off at the end: two bytes
        (b"login\0,email\nada\0,x\n", Encoding("utf-8")),
        (b"a\0" * 4 + b"bc" * 4, Encoding("utf-8")),  # half is not most
        (b"a\0" * 5 + b"bc" * 4, Encoding("utf-16-le")),
        (b"\0a" * 5 + b"bc" * 4, Encoding("utf-16-be")),
    ],
)
def test_the_rule(tmp_path: Path, data: bytes, wanted: Encoding) -> None:
    assert found(tmp_path / "users.csv", data) == wanted


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"abc", "é".encode(), "€".encode(), "😀".encode(), b"\xe9", b"\xe2\x82", b"\xf0\x9f", b"\x80"])
    )
)
def test_bytes_are_counted_as_the_oracle_counts_them(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    data = b"login" + b"".join(parts)
    _text, name, assumed = oracle.decode(data)
    assert found(tmp_path_factory.getbasetemp() / "bytes.csv", data) == Encoding(name, assumed=assumed)


@pytest.mark.parametrize("shift", range(4))
def test_characters_over_the_border_of_two_chunks(tmp_path: Path, shift: int) -> None:
    text = b"\n" * (CHUNK - shift) + "😀😀".encode() + b"\n" * CHUNK + b"\xff\xff"
    assert found(tmp_path / "users.csv", text) == Encoding("utf-8")
    assert found(tmp_path / "users.csv", text + b"\xff") == Encoding("windows-1252", assumed=True)


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_zip(), "a workbook"),
        (b"PK\x05\x06" + bytes(18), "an empty zip"),
        (b"\xd0\xcf\x11\xe0" + bytes(500), "an old Excel workbook"),
        (gzip.compress(HEAD.encode(), mtime=0), "packed by gzip"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a picture"),
        (b"\x7fELF\x02" + bytes(20), "a program"),
        (bytes(1000), "not a text file"),
        (bytes(range(256)) * 4, "not a text file"),
        (b"SQLite format 3\0" + b"\x10\0\1\1\0\x40" * 50, "not a text file"),
        (HEAD.encode("utf-32"), "not a text file"),
        (HEAD.encode("utf-32-be"), "not a text file"),
        (codecs.BOM_UTF8, "is empty"),
        (codecs.BOM_UTF16_LE, "is empty"),
        (" \r\n\t".encode("utf-16"), "is empty"),
        (b" \r\n\t\n", "is empty"),
        (b" \r\n\t\n" * CHUNK, "is empty"),
    ],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(AdminError, match=words):
        found(tmp_path / "users.csv", data)


def test_a_workbook_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AdminError) as caught:
        found(tmp_path / "users.csv", _zip())
    assert "save it as CSV" in caught.value.remedy


def test_a_line_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as file:
        file.write(b"login\n")
        file.write(b"x" * (33 * CHUNK))
    with pytest.raises(AdminError, match="never ends"), opened(path) as source:
        encoding_of(source)


def test_looking_can_stop_it(tmp_path: Path) -> None:
    def stop() -> None:
        raise AdminError("Stopped.", "Again.")

    (tmp_path / "users.csv").write_bytes(b"a\n" * CHUNK)
    with pytest.raises(AdminError, match=r"Stopped\."), opened(tmp_path / "users.csv") as source:
        encoding_of(source, stop)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from([b"a", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xc3", b"\xa9", b"\xe2\x82",
                                 b"\xed\xa0\x80", b"\xe0\x80\x80", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xff",
                                 b"\xc0\x80", b"\xf5", b"\xf0\x9f", b"\n"]), max_size=30).map(b"".join),
       st.sampled_from([1, 2, 5, 1 << 20]))  # fmt: skip
def test_damaged_places_are_those_of_the_decoder(data: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "CHUNK", chunk)
        found = encoding.damaged_places(data).tolist()
    text = data.decode("utf-8", "surrogateescape")
    places, at = [], 0
    for sign in text:
        if "\udc80" <= sign <= "\udcff":
            places.append(at)
        at += len(sign.encode("utf-8", "surrogateescape"))
    assert found == places
    assert encoding.decoded(data) == re.sub("[\udc80-\udcff]", "\udcff", text)
