"""What a repaired file must hold, straight from the rules of repair, as plainly as Python can say them.

Records are those of the csv module, by way of the oracle of `validate`; nothing here comes from the engine.
"""

import re
from dataclasses import dataclass, field

import phonenumbers

from tests.roster.oracle import (
    CONTROLS,
    KIB_64,
    Judged,
    Row,
    blank,
    decode,
    fields_of,
    lines_of,
    most_frequent,
    one_row,
    phone_code,
)

CODECS = {"windows-1252": "cp1252"}
FORMULA = tuple("=+-@\t\r\n\0")


@dataclass
class Mended:
    """`text`: what the copy says, damage as lone surrogates; `counts` of changes by class."""

    text: str
    encoding: str
    mark: bool
    counts: dict[str, int] = field(default_factory=dict)

    def is_in(self, data: bytes) -> bool:
        """Whether a file holds just this."""
        if self.encoding == "utf-8":
            text = self.text.encode("utf-8", "surrogateescape")
            return data == (b"\xef\xbb\xbf" if self.mark else b"") + text
        codec = CODECS.get(self.encoding, self.encoding)
        mark = "\ufeff".encode(codec) if self.mark else b""
        return data.startswith(mark) and damaged(data[len(mark) :], codec) == self.text


def damaged(data: bytes, codec: str) -> str:
    """Decoded, a lone surrogate for each byte that cannot be."""
    text = ""
    while data:
        try:
            return text + data.decode(codec)
        except UnicodeDecodeError as fault:
            text += data[: fault.start].decode(codec) + "\udcff" * (fault.end - fault.start)
            data = data[fault.end :]
    return text


def mend(data: bytes, repairs: set[str], *, safe: bool = False) -> Mended:
    _, encoding, _ = decode(data)
    codec = CODECS.get(encoding, encoding)
    bom = b"" if encoding == "windows-1252" else "\ufeff".encode(codec)
    mark = bool(bom) and data.startswith(bom)
    rest = data[len(bom) :] if mark else data
    text = rest.decode("utf-8", "surrogateescape") if encoding == "utf-8" else damaged(rest, codec)
    mended = Mended("", encoding, mark, dict.fromkeys(sorted(repairs), 0))
    if "encoding" in repairs:
        mended.counts["encoding"] += encoding != "utf-8" or mark
        mended.encoding, mended.mark = "utf-8", False
        text = text.lstrip("\ufeff") if mark else text
    mender = Mender(repairs, mended, foreign=encoding != "utf-8", safe=safe, codec=codec)
    mended.text = mender.all(lines_of(text))
    return mended


@dataclass
class Mender:
    repairs: set[str]
    mended: Mended
    foreign: bool
    safe: bool
    codec: str
    delimiter: str = ","
    fields: list[list[str]] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def all(self, lines: list[str]) -> str:
        at, separator, text = 0, "", ""
        while at < len(lines):
            if not separator and (found := re.match(r"sep=(.)[\r\n]*$", lines[at])):
                separator = found[1]
            elif lines[at].strip() and not lines[at].startswith("version:"):
                break
            text += self.ended(lines[at])
            at += 1
        self.delimiter = separator or most_frequent(lines[at:])
        while at < len(lines):
            row, after = one_row(lines, at, self.delimiter, self.codec, KIB_64)
            text += self.record(row, "".join(lines[at:after]), blank(row, lines))
            at = after
        return text

    def count(self, repair: str) -> None:
        self.mended.counts[repair] += 1

    def ended(self, raw: str) -> str:
        """Its line end as CRLF, unless a row of several lines would become longer by it than a quote may be open."""
        content = re.sub(r"(\r\n|\r|\n)\Z", "", raw)
        end = raw[len(content) :]
        codec = "utf-8" if self.mended.encoding == "utf-8" else self.codec
        sizes = [1 if has_damage(it) and codec != "utf-8" else len(it.encode(codec, "surrogateescape")) for it in raw]
        held = len(lines_of(raw)) > 1 and sum(sizes) + len("\r".encode(codec)) > KIB_64
        if "line_ends" in self.repairs and end not in ("", "\r\n") and not held:
            self.count("line_ends")
            end = "\r\n"
        return content + end

    def record(self, row: Row, raw: str, is_blank: bool) -> str:
        content = re.sub(r"(\r\n|\r|\n)\Z", "", raw)
        if is_blank:
            return self.ended(raw)
        is_header = not self.fields
        if is_header:
            self.fields = fields_of(row, Judged(""))
        whole = not is_header and row.opened is None and len(row.cells) == len(self.fields)
        if whole and "duplicate_rows" in self.repairs and not has_damage(content):
            if tuple(row.cells) in self.seen:
                self.count("duplicate_rows")
                return ""
            self.seen.add(tuple(row.cells))
        if row.opened is not None:
            row.cells[-1] = re.split("\r\n|\r|\n", row.cells[-1])[0]
        raws = split(content, self.delimiter)
        assert len(raws) == len(row.cells)
        pairs = zip(raws, row.cells, self.fields if whole else [None] * len(raws), strict=True)
        mended = self.delimiter.join(self.cell(raw_cell, cell, fields) for raw_cell, cell, fields in pairs)
        return mended + self.ended(raw)[len(content) :]

    def cell(self, raw: str, cell: str, fields: list[str] | None) -> str:
        if has_damage(raw) and "encoding" in self.repairs and self.foreign:
            self.count("encoding")
            raw, cell = (re.sub("[\ud800-\udfff]", "\ufffd", it) for it in (raw, cell))
        new = cell
        if fields is not None and not has_damage(cell):
            if "invisible" in self.repairs and (plain := "".join(it for it in new if ord(it) not in CONTROLS)) != new:
                self.count("invisible")
                new = plain
            if "trim" in self.repairs and fields and new != new.strip():
                self.count("trim")
                new = new.strip()
            if "phones" in self.repairs and {"mobilePhone", "primaryPhone"} & set(fields) and (ten := digits(new)):
                self.count("phones")
                new = ten
        quoted = raw.startswith('"')
        if new == cell:
            return re.sub('^("?)', r"\1'", raw, count=1) if self.safe and cell.startswith(FORMULA) else raw
        new = f"'{new}" if self.safe and new.startswith(FORMULA) else new
        must = quoted or re.search(rf'["\r\n{re.escape(self.delimiter)}]', new) is not None
        must = must or (len(self.fields) == 1 and not new.strip())
        doubled = new.replace('"', '""')
        return f'"{doubled}"' if must else new


def split(content: str, delimiter: str) -> list[str]:
    """A record's cells as they stand."""
    end, found, at = re.escape(delimiter), list[str](), 0
    while True:
        cell = re.compile(rf'("(?:[^"]|"")*("|\Z))?[^{end}]*').match(content, at)
        assert cell is not None
        found.append(cell[0])
        if cell.end() == len(content):
            return found
        at = cell.end() + 1


def has_damage(text: str) -> bool:
    return any(0xD800 <= ord(sign) < 0xE000 for sign in text)


def digits(phone: str) -> str:
    if not phone.strip() or phone_code(phone) not in ("phone_extension", "phone_letters"):
        return ""
    national = str(phonenumbers.parse(phone, "US").national_number)
    return national if phone_code(national) == "" else ""
