"""Polluted files of users, each by a name that says what is wrong in it. The same name always gives the same bytes.

`FILES` has them all. The names of those of a megabyte and more begin with "giant: " or "border: ".
"""

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, product

from tests.roster import dirt
from tests.roster.dirt import FIELDS, HEADER, quoted, row

Maker = Callable[[], bytes]
Named = Iterator[tuple[str, Maker]]

MIB = 1 << 20
BOUND = 65_536  # bytes of a record that goes on over lines inside quotes


def table(*lines: str, header: str = HEADER, end: str = "\n") -> bytes:
    """A header, lines as they stand and a sound row, in UTF-8; U+DC80 to U+DCFF in them are bytes that are none."""
    return "".join(line + end for line in (header, *lines, row(99))).encode("utf-8", "surrogateescape")


# -- every encoding with every line end and every delimiter ---------------------------------------------------------


def dialect(name: str, encoding: str, end: str, delimiter: str) -> bytes:
    chance = random.Random(name)
    (codec, mark), (opening, sign) = dirt.ENCODINGS[encoding], dirt.DELIMITERS[delimiter]
    rows = [list(FIELDS), *(row(number, firstName="Renée").split(",") for number in range(3))]
    for number, faults in enumerate(chance.sample(dirt.ROWS, 8), 10):
        cells = dict(zip(FIELDS, row(number).split(","), strict=True)) | faults
        dirty = any(mark in cell for cell in cells.values() for mark in (sign, '"', "\r", "\n"))
        rows.append([quoted(cell) if dirty else cell for cell in cells.values()])
    rows += [rows[1][: chance.randrange(1, 7)], [*rows[1], 'mo"re'], ["", *rows[2][1:]], [*rows[3][:-1], '"lost']]
    lines = [opening] * bool(opening) + [sign.join(cells) for cells in rows] + ["", " \t"]
    text = "".join(line + (dirt.ENDS[end] or chance.choice(["\r\n", "\n", "\r"])) for line in lines)
    return mark + text.encode(codec)


def dialects() -> Named:
    for parts in product(dirt.ENCODINGS, dirt.ENDS, dirt.DELIMITERS):
        name = "dialect: " + ", ".join(parts)
        yield name, partial(dialect, name, *parts)


def separators() -> Named:
    lines = (HEADER, row(1), row(2, title='"a","b"'), row(3, title='"the ""boss"""'), row(4) + ',"x"y', row(5)[:-3], "")
    for (name, sign), codec in product(dirt.SEPARATORS.items(), ("utf-8", "utf-16")):
        text = "\n".join((f"sep={sign}", *(line.replace(",", sign) for line in lines)))
        yield f"delimiter: {name} after sep=, {codec}", partial(text.encode, codec)
    for name, opening in {
        "sep= and nothing": "sep=", "sep= that the header does not follow": "sep=;", "sep= of two signs": "sep=;;;x",
        "sep= twice": "sep=,\nsep=;", "sep= behind a blank line": "\nsep=,",
        "sep= behind the version": "version:v1.0\nsep=,",
        "sep= before the version": "sep=,\nversion:v1.0", "sep= behind blanks": " sep=,",
        "sep= and a lone CR": "sep=,\r",
    }.items():  # fmt: skip
        yield f"delimiter: {name}", partial(table, row(1), row(2, title="x;y"), header=f"{opening}\n{HEADER}")
    yield (
        "delimiter: a damaged byte after sep=",
        partial(table, header=f"\ufeffsep=\udcff\n{HEADER.replace(',', chr(0xDCFF))}"),
    )
    yield "delimiter: a quote after sep=", partial(table, header=f'sep="\n{HEADER}')
    for name, header in {
        "as many commas as semicolons": "login;email;firstName,lastName,title",
        "commas inside quotes alone": 'login;email;"firstName,,,,lastName"',
        "the header and the rows differ": HEADER.replace(",", ";"),
    }.items():
        yield f"delimiter: {name}", partial(table, row(1), header=header)


# -- quotes ---------------------------------------------------------------------------------------------------------


def quotes() -> Named:
    for (name, lines), (end_name, end) in product(dirt.QUOTES.items(), list(dirt.ENDS.items())[:3]):
        yield f"quote: {name}, {end_name}", partial(table, *lines.split("\n"), end=end)
    for name, header in dirt.QUOTED_HEADERS.items():
        yield f"quote: header, {name}", partial(table, row(1), row(2, title='"x"'), header=header)
    yield "quote: opened in the last line, which does not end", lambda: table(row(1)) + row(2, title='"x').encode()
    yield "quote: the last sign of the file", lambda: table(row(1)) + b'"'


def bounded(codec: str, extra: int, inside: str, *, first: bool) -> bytes:
    """A record of BOUND bytes and `extra` characters more, in quotes over lines in its first or its third cell."""
    before = '"' if first else row(1).split(",Ada")[0] + ',"'
    closing = 'x",' + (row(1)[18:] if first else row(1).split("Ada,")[1]) + "\n"
    lines = [f"{inside}{'é' * 400}\n"] * 4
    width = len("x".encode(codec))
    size = len((before + closing + "".join(lines)).encode(codec, "surrogatepass"))
    middle = "x" * ((BOUND - size) // width + extra - 1) + "\n"
    text = "\n".join((HEADER, row(50, firstName="Renée"), before)) + "".join(lines) + middle + closing
    return (text + row(2) + "\n").encode(codec, "surrogatepass")


def bounds() -> Named:
    places = (("first", True), ("third", False))
    for codec, (extra, told), (place, first) in product(
        ("utf-8", "utf-16", "cp1252"), ((-1, "below"), (0, "at"), (1, "beyond")), places
    ):
        yield (
            f"bound: a quote in the {place} cell that closes {told} 64 KiB, {codec}",
            partial(bounded, codec.replace("utf-16", "utf-16-le"), extra, "", first=first),
        )
    for extra, told in ((0, "at"), (1, "beyond")):
        name = f"bound: half characters in a quote that closes {told} 64 KiB, utf-16"
        yield name, partial(bounded, "utf-16-le", extra, "\ud83d", first=False)
    yield (
        "bound: a quote that is never closed before 64 KiB more",
        lambda: table(row(1, title='"x'), *["r" * 6_000] * 12),
    )
    yield "bound: a line of 70 KiB in quotes", lambda: table(row(1, title=quoted("x" * 70_000)))
    yield "bound: a line of 70 KiB whose quote is not closed", lambda: table(row(1, title='"' + "x" * 70_000), row(2))


# -- rows and lines -------------------------------------------------------------------------------------------------


def lines() -> Named:
    for name, text in dirt.RAGGED.items():
        yield f"ragged: {name}", partial(table, *text.split("\n"))
    yield "ragged: every row, under a short header", partial(table, row(1), header="login,email")
    yield "ragged: every row, under a header of one", partial(table, row(1), "user1@example.com", header="login")
    for (name, text), codec in product(dirt.BLANKS.items(), ("utf-8", "utf-16")):
        yield f"blank: {name}, {codec}", partial(text.encode, codec)
    for (name, text), codec in product(dirt.NOTHING.items(), ("utf-8", "utf-8-sig", "utf-16")):
        yield f"nothing: {name}, {codec}", partial(text.encode, codec)


# -- signs, headers, values -----------------------------------------------------------------------------------------


def signs() -> Named:
    def with_sign(sign: str) -> bytes:
        rows = [row(number, **{name: f"{before}{sign}{behind}"}) for number, (name, (before, behind)) in enumerate(
            product(FIELDS, (("", ""), ("", "x"), ("x", "x"), ("x", ""), (' "x"', ""), ('"x', 'x"'))))]  # fmt: skip
        header = f"{HEADER},Badge{sign},Password"
        return table(*(f"{it},{sign},{sign}" for it in rows), *(sign, sign * 3), header=header)

    for name, sign in dirt.SIGNS.items():
        yield f"sign: {name} in every column", partial(with_sign, sign)


def headers() -> Named:
    def with_rows(header: str) -> bytes:
        width = header.count(",") - header.count('"",') + 1
        rows = (",".join((row(number).split(",") + ["x"] * width)[:width]) for number in range(3))
        return (header + "\n" + "\n".join(rows) + "\n").encode()

    for name, header in dirt.HEADERS.items():
        yield f"header: {name}", partial(with_rows, header)
        yield f"header: {name}, alone", partial(header.encode, "utf-16")


def values() -> Named:
    for kind, texts in dirt.PHONES.items():
        rows = [row(number, mobilePhone=it, primaryPhone=quoted(it)) for number, it in enumerate(texts.split("|"))]
        yield f"phone: {kind}", partial(table, *rows)
        yield f"phone: {kind}, by semicolons", partial(bytes, table(*rows).replace(b",", b";"))
    for kind, texts in dirt.ADDRESSES.items():
        rows = [row(number, login=it, email=quoted(it)) for number, it in enumerate(texts.split("|"))]
        yield f"address: {kind}", partial(table, *rows)
        yield f"address: {kind}, each twice", partial(table, *rows, *reversed(rows))


# -- bytes ----------------------------------------------------------------------------------------------------------

ACCENTS = row(50, firstName="Zoë", lastName="Müller-Łuczak", title="é" * 40)


def damage() -> Named:
    for name, bad in dirt.DAMAGE.items():
        rows = (
            row(1, firstName=f"A{bad}a"),
            row(2, title=bad),
            row(3, primaryPhone=f"x{bad}"),
            row(4, title=f'"{bad}"'),
        )
        yield f"damage: {name}, among accents", partial(table, ACCENTS, *rows)
        yield f"damage: {name}, and nothing else beyond ASCII", partial(table, *rows)
        yield f"damage: {name}, behind a mark", partial(table, *rows, header=f"\ufeff{HEADER}")
        yield f"damage: {name}, in the header alone", partial(table, row(1), header=f"{HEADER},Stadt{bad}")
        yield f"damage: {name}, at the end", partial(bytes, table(ACCENTS) + bad.encode("utf-8", "surrogateescape"))
    for good, lost in ((3, 3), (3, 4), (0, 1), (1, 1)):
        one, other = row(1, title="é" * good), row(2, title="\udce9x" * lost)
        yield f"damage: {good} accents, then {lost} bytes that are none", partial(table, one, other)
        yield f"damage: {lost} bytes that are none, then {good} accents", partial(table, other, one)
    text = table(row(1, firstName="Zoë"), row(2, title="😀"), row(3)).decode()
    for name, data in {
        "half a unit at the end": text.encode("utf-16") + b"x",
        "half a pair at the end": (text + "😀").encode("utf-16")[:-2],
        "a high half in a cell": text.replace("😀", "\ud83d").encode("utf-16", "surrogatepass"),
        "a low half in a cell": text.replace("😀", "\ude00").encode("utf-16", "surrogatepass"),
        "halves the wrong way round": text.replace("😀", "\ude00\ud83d").encode("utf-16", "surrogatepass"),
        "a unit that lost a byte": text.encode("utf-16")[:301] + text.encode("utf-16")[302:],
        "UTF-8 behind it": text.encode("utf-16") + ACCENTS.encode() * 2, "the other order behind it":
        text.encode("utf-16") + ACCENTS.encode("utf-16-be"), "the wrong mark": b"\xfe\xff" + text.encode("utf-16-le"),
        "a mark on each line": "".join("\ufeff" + line for line in text.splitlines(keepends=True)).encode("utf-16"),
    }.items():  # fmt: skip
        yield f"damage: UTF-16 with {name}", partial(bytes, data)
    western = table(row(1, firstName="Zoé"), row(2, title="Général, Łódź, ışık: 5 € ½ ž")).decode()
    for name, codec in dirt.CODECS.items():
        yield (
            f"damage: {name}",
            partial(western.encode, codec, "replace"),
        )
    for name, codec in dirt.EASTERN.items():
        text = table(row(1, title="表計算ソフト"), row(2, firstName="Иван"), row(3, lastName="김")).decode()
        yield f"damage: {name}", partial(text.encode, codec, "replace")
    yield "damage: UTF-8 that was read as Windows-1252", lambda: ACCENTS.encode().decode("cp1252", "replace").encode()


def foreign() -> Named:
    for name, head in dirt.HEADS.items():
        yield f"foreign: {name}", partial(bytes, head + random.Random(name).randbytes(3_000))
    yield "foreign: random bytes", lambda: random.Random(1).randbytes(70_000)
    yield "foreign: zeros", lambda: bytes(5_000)
    for codec in ("utf-32", "utf-32-be"):
        yield f"foreign: text in {codec}", partial(table(row(1)).decode().encode, codec)
    for (name, text), codec in product(dirt.WRITINGS.items(), ("utf-8", "utf-16")):
        yield f"writing: {name}, {codec}", partial(text.encode, codec)


# -- a megabyte and more --------------------------------------------------------------------------------------------

PIECES = {
    "a cell in quotes": '"a,b"',
    "a doubled quote": '"a""b"',
    "a line end in quotes": '"a\r\nb"',
    "CRLF": "\r\n",
    "a character of four bytes": "😀",
    "a quote that is not closed": '"a,,',
    "a stray quote": 'a"b',
    "damage": "é\udcff",
}
FILLER = row(1_000_000, title="x" * 60)


def at_border(codec: str, piece: str, shift: int) -> bytes:
    """`piece`, the title of border@example.com or the end of its row, begins `shift` units from a border of 1 MiB."""
    before = ",".join(("border@example.com", *FILLER.split(",")[1:4], "IT,," if piece == "\r\n" else ""))
    width = len("x".encode(codec))
    free = MIB // width + shift - len(f"{HEADER}\n{before}")
    count = free // (len(FILLER) + 1) - 1
    first = row(999_999, title="x" * (free - count * (len(FILLER) + 1) - len(row(999_999, title="")) - 1))
    rows = [row(number, title="x" * 60) for number in range(1_000_000, 1_000_000 + count)]
    behind = [row(number, title="x" * 60) for number in range(2_000_000, 2_001_000)]
    text = "\n".join((HEADER, first, *rows, before)) + piece + ",,\n" * (piece != "\r\n") + "\n".join(behind)
    return text.encode(codec, "surrogateescape")


def late(*parts: tuple[int, str], header: str = HEADER) -> bytes:
    """So many rows of each kind; a kind is the first name. Some 8,000 rows are a mebibyte."""
    kinds = [first for count, first in parts for _ in range(count)]
    return table(
        *(row(number + 100, firstName=first, title="x" * 60) for number, first in enumerate(kinds)), header=header
    )


def borders() -> Named:
    shapes = chain(
        product(["utf-8"], PIECES, range(-3, 1)), product(["utf-16-le"], ["CRLF", "a doubled quote"], (-3, -1))
    )
    for codec, name, shift in chain(shapes, product(["utf-16-le"], ["a character of four bytes"], (-2, -1))):
        yield f"border: {name} {-shift} before 1 MiB, {codec}", partial(at_border, codec, PIECES[name], shift)
    bad, good = "Jos\udce9", "José"
    yield (
        "border: accents, then more bytes that are none behind 1 MiB",
        lambda: late((20, good), (9_000, "A"), (21, bad)),
    )
    yield (
        "border: accents, then as many bytes that are none behind 1 MiB",
        lambda: late((20, good), (9_000, "A"), (20, bad)),
    )
    yield (
        "border: bytes that are none, then as many accents behind 1 MiB",
        lambda: late((20, bad), (9_000, "A"), (20, good)),
    )
    yield (
        "border: bytes that are none, then fewer accents behind 1 MiB",
        lambda: late((20, bad), (9_000, "A"), (19, good)),
    )
    yield "border: one byte that is none behind 1 MiB", lambda: late((9_000, "A"), (1, bad))
    yield (
        "border: one byte that is none in the header, then 1 MiB of ASCII",
        lambda: late((9_000, "A"), header=f"{HEADER},\udce9"),
    )


GIANT = 10_000_000


def giants() -> Named:
    for name, lines in {
        "10 MB in one cell": [row(1, title="x" * GIANT)],
        "10 MB in one cell in quotes": [row(1, title=quoted("x," * (GIANT // 2)))],
        "10 MB of doubled quotes in one cell": [row(1, title=quoted('"' * (GIANT // 2)))],
        "10 MB of accents in one cell": [row(1, title="é" * (GIANT // 2))],
        "10 MB of blanks for a name": [row(1, firstName=" " * GIANT)],
        "1 MB for a login": [row(1, login="x" * MIB)], "1 MB for a phone": [row(1, mobilePhone="1" * MIB)],
        "a line of 10 MB of delimiters": ["," * GIANT], "a line of 10 MB of quotes": ['"' * GIANT],
        "a line of 10 MB of quotes and one more": ['"' * (GIANT + 1)],
        "a line of 2 MB of empty cells in quotes": ['"","",' * 350_000],
        "a line of 100 KB of stray quotes": ['a"b,' * 25_000], "300,000 blank lines": ["", " "] * 150_000,
        "300,000 rows of a cell": ["x"] * 300_000,
        "a quote that is not closed before 10 MB on one line": [row(1, title='"'), "x" * GIANT],
    }.items():  # fmt: skip
        yield f"giant: {name}", partial(table, *lines)
    yield "giant: 10 MB in one cell, UTF-16", lambda: table(row(1, title="x" * (GIANT // 2))).decode().encode("utf-16")
    yield "giant: one line of 10 MB", lambda: b"x" * GIANT
    yield "giant: one line of 10 MB of blanks", lambda: b" " * GIANT
    yield "giant: a header of 3 MB in one name", lambda: table(row(1) + ",", header=f"{HEADER},{'n' * 3_000_000}")
    yield "giant: 300,000 blank lines before the header", lambda: b"\n" * 300_000 + table(row(1))
    yield "giant: 20,000 rows ended by lone CR", lambda: table(*map(row, range(100, 20_100)), end="\r")
    for columns in (10_000, 20_000, 20_001):
        header = ",".join((*FIELDS, *(f"c{number}" for number in range(columns - 7))))
        rows = (row(number) + "," * (columns - 7) for number in range(10))
        yield f"giant: {columns:,} columns", partial(lambda text: text.encode(), "\n".join((header, *rows)))


def _files() -> dict[str, Maker]:
    found: dict[str, Maker] = {}
    groups = (dialects, separators, quotes, bounds, lines, signs, headers, values, damage, foreign, borders, giants)
    for name, make in chain.from_iterable(group() for group in groups):
        assert name not in found, name
        found[name] = make
    return found


FILES: Mapping[str, Maker] = _files()
