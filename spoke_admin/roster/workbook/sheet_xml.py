"""The rows of a worksheet's XML in fragments of some MiB, each of which may be handed to the reader of workbooks.

The reader allocates the whole rectangle between the first and the last cell of what it is given, and the process ends
when there is not so much memory: A1 and XFD1048576 are enough for that. So a sheet is handed over in fragments whose
cells were looked at first. This bounds the memory, and reading can be stopped between two fragments.

What the reader would drop in silence is written so that it keeps it: errors (#N/A) become texts, references to the
table of shared texts become texts that begin with MARK, and CDATA sections become escaped text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.workbook.parts import AS_WORKBOOK, refuse_doctype
from spoke_admin.roster.workbook.zip_directory import damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAGMENT = 2 * 1024 * 1024  # bytes of XML
LONGEST_ITEM = 16 * 1024 * 1024  # bytes of one row, or one shared text; Excel: 32,767 characters a cell
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # Excel's limits, of the file format too
LONGEST_LETTERS, LONGEST_NUMBER = 3, 7  # of the place of a cell
MOST_AREA = 1 << 20  # cells of the rectangle that the reader allocates, some 32 bytes each
MARK = "\uffff"  # no character of XML
_MARK = MARK.encode()

_MARKUP = re.compile(rb"<[!?]")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)")
_PREFIXED = re.compile(rb"<[^\s<>/]*:(?:c|row)[\s/>]")
_TAG = re.compile(
    rb"<(/?)(?:[^\s<>/:\"'=]{1,100}:)?(row|c|v)(?=[\s/>])((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>"
)  # each way is told by its first byte: no backtracking
_ATTRIBUTE = re.compile(rb"([^\s=\"'/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_STRANGE = re.compile(  # the tag of a row or cell that is not written as most programs do: the place first, and once
    rb"<(?:c|row)(?=[\s/>])(?! r=\"[A-Z0-9]+\"(?: (?!r=)[^\s=<>\"']+=\"[^\"<>]*\")*/?>)"
)
_TYPED = {kind: re.compile(rb"<c\s[^<>]*\st=\"" + kind + b'"') for kind in (b"s", b"e")}
_TEXT = re.compile(rb"<(?:[^\s<>/:]{1,100}:)?si(?=[\s/>])")
_WORD = re.compile(rb"[A-Za-z0-9]+")
_REFERENCE = re.compile(rb"([A-Z]+)([0-9]+)", re.IGNORECASE)
_DELIMITS = np.zeros(256, bool)  # what may follow the name of an element
_DELIMITS[list(b" \t\r\n\f/>")] = True


@dataclass(frozen=True, slots=True)
class Fragment:
    """`xml`: whole rows, as the reader may have them. `last`: number of the last row, with cells or without."""

    xml: bytes
    last: int


# --- cutting ---------------------------------------------------------------------------------------------------------


def fragments(path: Path, pieces: Iterator[bytes], container: bytes, item: bytes) -> Iterator[bytes]:
    """Cuts the elements `item` of the element `container` into fragments of about FRAGMENT bytes, whole items each.

    Comments are gone from them, and so is the prefix that the container's name has. The pieces are read to the end.
    Raises AdminError: no such element, another encoding than UTF-8, declared entities, an item that never ends.
    """
    blocks = _blocks(path, pieces)
    prefix, body, ended = _opened(path, blocks, container)
    closing, opening = b"</" + prefix + container, b"<" + prefix + item
    while not ended:
        end = body.find(closing)
        cut = end if end >= 0 else body.rfind(opening)
        if cut > 0 and body[:cut].strip():
            yield _unprefixed(body[:cut], prefix)
        if end >= 0:
            break
        body = body[max(cut, 0) :] if cut >= 0 else body
        if len(body) > LONGEST_ITEM:
            raise _endless(path, item)
        block = next(blocks, None)
        if block is None:
            raise damaged(path, "A part ends in the middle.")
        body += block
    for _ in pieces:  # whether the whole part is what was packed
        pass


def _unprefixed(xml: bytes, prefix: bytes) -> bytes:
    return xml.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else xml


def _endless(path: Path, item: bytes) -> AdminError:
    what = "row" if item == b"row" else "text"
    return AdminError(
        f"{path} has a {what} that never ends.",
        f"At most {LONGEST_ITEM >> 20} MiB of one can be read: choose the workbook or the CSV file of users.",
    )


def _opened(path: Path, blocks: Iterator[bytes], container: bytes) -> tuple[bytes, bytes, bool]:
    """The container's prefix with its colon, what was read behind its opening tag, and whether it is closed at once."""
    tag = re.compile(rb"<((?:[^\s<>/:]{1,100}:)?)" + container + rb"(?:\s[^<>]*?)?(/?)>")
    head = b""
    for block in blocks:
        head += block
        if found := tag.search(head):
            return found[1], head[found.end() :], bool(found[2])
        if len(head) > LONGEST_ITEM:
            break
    raise damaged(path, f"A part has no element {container.decode()}.")


def _blocks(path: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """About FRAGMENT bytes at once, without comments, processing instructions and CDATA sections."""
    held, size, first = list[bytes](), 0, True
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size < FRAGMENT:
            continue
        block = b"".join(held)
        clean, rest = _without_markup(path, _utf_8(path, block) if first else block)
        if len(rest) > LONGEST_ITEM:
            raise damaged(path, "A comment never ends.")
        held, size, first = [rest], 0, False
        yield clean
    block = b"".join(held)
    clean, rest = _without_markup(path, _utf_8(path, block) if first else block)
    if rest:
        raise damaged(path, "A part ends in the middle.")
    yield clean


def _utf_8(path: Path, start: bytes) -> bytes:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:4]:
        raise _foreign(path, "UTF-16")
    return start.removeprefix(b"\xef\xbb\xbf")


def _foreign(path: Path, encoding: str) -> AdminError:
    return AdminError(f"{path} has a sheet that is not in UTF-8.", AS_WORKBOOK, f"Its encoding is {encoding}.")


def _without_markup(path: Path, xml: bytes) -> tuple[bytes, bytes]:
    """The XML without what begins with <! or <?, CDATA sections as text; and the rest that is still open at its end."""
    kept, at = list[bytes](), 0
    while found := _MARKUP.search(xml, at):
        start = found.start()
        kept.append(xml[at:start])
        if start + 9 > len(xml):  # too little to tell what it is
            return b"".join(kept), xml[start:]
        closing = _closing_of(path, xml[start : start + 9])
        end = xml.find(closing, start + 2)
        if end < 0:
            return b"".join(kept), xml[start:]
        at = end + len(closing)
        if closing == b"]]>":
            kept.append(xml[start + 9 : end].replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;"))
        elif closing == b"?>" and (encoding := _ENCODING.search(xml, start, end)):
            name = encoding[1].decode("ascii", "replace")
            if name.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
                raise _foreign(path, name)
    rest = b"<" if xml.endswith(b"<", at) else b""  # what follows it may be ! or ?
    kept.append(xml[at : len(xml) - len(rest)])
    return b"".join(kept), rest


def _closing_of(path: Path, start: bytes) -> bytes:
    if start.startswith(b"<?"):
        return b"?>"
    if start.startswith(b"<!--"):
        return b"-->"
    if start == b"<![CDATA[":
        return b"]]>"
    if start.upper() == b"<!DOCTYPE":
        refuse_doctype(path)
    raise damaged(path, "A part is no XML.")


def text_count(xml: bytes) -> int:
    """How many elements si a fragment has."""
    return len(_TEXT.findall(xml))


# --- looking at the cells --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where a fragment's rows begin, in bytes, their numbers, and the area of the rectangle around the cells."""

    starts: "NDArray[np.int64]"
    rows: "NDArray[np.int64]"
    area: int


def readable(path: Path, xml: bytes, after: int) -> Iterator[Fragment]:
    """What the reader may have of rows that come after row number `after`.

    Raises AdminError: cells beyond a sheet's limits, rows out of order, XML that cannot be understood.
    """
    cells, handed = _cells(path, xml), _with_texts(xml)
    if cells is None or handed is None:
        xml = handed = _rewritten(path, xml, after)
        cells = _cells(path, xml)
    if cells is None:
        raise damaged(path, "A sheet has cells that cannot be placed.")
    if not cells.rows.size:
        return
    if cells.rows[0] <= after or (np.diff(cells.rows) <= 0).any():
        raise damaged(path, "A sheet has rows out of order.")
    if cells.area <= MOST_AREA or cells.rows.size == 1:
        yield Fragment(handed, int(cells.rows[-1]))
        return
    middle = int(cells.starts[cells.starts.size // 2])
    for half in (xml[:middle], xml[middle:]):
        for fragment in readable(path, half, after):
            after = fragment.last
            yield fragment


def _cells(path: Path, xml: bytes) -> _Cells | None:
    """Looks at every tag of a row and a cell. None where one is not written as most programs do."""
    codes = np.frombuffer(xml + b" " * 16, np.uint8)
    after_less = codes[1:] * (codes[:-1] == ord("<"))
    cells = _followed(codes, np.flatnonzero(after_less == ord("c")), b"")
    rows = _followed(codes, np.flatnonzero(after_less == ord("r")), b"ow")
    if cells.size > MOST_COLUMNS * max(rows.size, 1):
        raise _beyond(path)
    if not _is(codes, cells + 2, b' r="').all() or not _is(codes, rows + 4, b' r="').all():
        return None
    if _hides_places(codes, cells + 4, rows + 6) and _STRANGE.search(xml):
        return None
    if (b":c" in xml or b":row" in xml) and _PREFIXED.search(xml):
        return None
    columns, behind = _number(codes, cells + 6, ord("A") - 1, 26, LONGEST_LETTERS)
    cell_rows, ends = _number(codes, behind, ord("0"), 10, LONGEST_NUMBER)
    numbers, row_ends = _number(codes, rows + 8, ord("0"), 10, LONGEST_NUMBER)
    if not _is(codes, ends, b'"').all() or not _is(codes, row_ends, b'"').all() or not columns.all():
        return None
    if columns.max(initial=0) > MOST_COLUMNS or numbers.max(initial=0) > MOST_ROWS:
        raise _beyond(path)
    owners = np.searchsorted(rows, cells) - 1
    if cells.size and (owners[0] < 0 or (numbers[owners] != cell_rows).any()):
        return None
    return _Cells(rows, numbers, _span(cell_rows) * _span(columns))


def _beyond(path: Path) -> AdminError:
    return AdminError(
        f"{path} has cells beyond the last row or column of a sheet.",
        "Open it in a spreadsheet and save it again.",
        f"A sheet has {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns.",
    )


def _is(codes: "NDArray[np.uint8]", at: "NDArray[np.int64]", text: bytes) -> "NDArray[np.bool_]":
    same = np.ones(at.size, bool)
    for place, code in enumerate(text):
        same &= codes[at + place] == code
    return same


def _followed(codes: "NDArray[np.uint8]", at: "NDArray[np.int64]", name: bytes) -> "NDArray[np.int64]":
    """Those tags whose name goes on with `name` behind its first character, and ends there."""
    at = at[_is(codes, at + 2, name)]
    return at[_DELIMITS[codes[at + 2 + len(name)]]]


def _hides_places(codes: "NDArray[np.uint8]", cells: "NDArray[np.int64]", rows: "NDArray[np.int64]") -> bool:
    """Whether there may be another attribute r than those whose equals signs are at `cells` and `rows`.

    Also whether an attribute is in single quotes, or has blanks at its equals sign.
    """
    equals = codes == ord("=")
    equals[cells] = False
    equals[rows] = False
    at = np.flatnonzero(equals)
    before, behind = codes[at - 1], codes[at + 1]
    named_r = (before == ord("r")) & np.isin(codes[at - 2], np.frombuffer(b" \t\r\n\f\"'", np.uint8))
    return bool((named_r | (before <= 32) | (behind <= 32) | (behind == ord("'"))).any())


def _number(
    codes: "NDArray[np.uint8]", at: "NDArray[np.int64]", zero: int, base: int, most: int
) -> tuple["NDArray[np.int64]", "NDArray[np.int64]"]:
    """The numbers that are written at `at` in at most `most` digits, and where they end. Column letters are digits too.

    A letter stands for 1 to 26, a digit for 0 to 9; the digit `zero` itself is none among letters.
    """
    value, at, going = np.zeros(at.size, np.int64), at.copy(), np.ones(at.size, bool)
    lowest, highest = (1, 26) if base == 26 else (0, 9)
    for _ in range(most):
        digit = codes[at].astype(np.int64) - zero
        going &= (lowest <= digit) & (digit <= highest)
        value = np.where(going, value * base + digit, value)
        at += going
    return value, at


def _span(numbers: "NDArray[np.int64]") -> int:
    return int(numbers.max() - numbers.min()) + 1 if numbers.size else 0


# --- writing what the reader understands -----------------------------------------------------------------------------


def _with_texts(xml: bytes) -> bytes | None:
    """Errors as texts, shared texts as MARK and their place. None where one is not written as most programs do."""
    for kind, mark in ((b"s", _MARK), (b"e", b"")):
        if b't="' + kind + b'"' in xml:
            start = b' t="' + kind + b'">'
            xml = xml.replace(start + b"<v>", b' t="str"><v>' + mark)
            if kind == b"e":  # mostly what a formula came to
                xml = xml.replace(start + b"<f", b' t="str"><f')
            if b't="' + kind + b'"' in xml and _TYPED[kind].search(xml):
                return None
    return xml


def _rewritten(path: Path, xml: bytes, after: int) -> bytes:
    """The same rows and cells, their tags written anew with the place of each, errors and shared texts as above."""
    place, shared = [after, 0], False
    kept, at = list[bytes](), 0
    for tag in _TAG.finditer(xml):
        closes, name, rest = tag[1], tag[2], tag[3]
        kept.append(xml[at : tag.start()])
        at = tag.end()
        if name == b"v":
            kept.append(tag[0] + _MARK if shared and not closes and not rest.endswith(b"/") else tag[0])
        elif closes:
            kept.append(b"</" + name + b">")
        else:
            text, shared = _rewritten_tag(path, name, rest, place)
            kept.append(text)
    kept.append(xml[at:])
    return b"".join(kept)


def _rewritten_tag(path: Path, name: bytes, rest: bytes, place: list[int]) -> tuple[bytes, bool]:
    """The tag of a row or cell behind `place` (row and column, moved on), and whether its text is shared."""
    values = {key: double or single for key, double, single in _ATTRIBUTE.findall(rest)}
    end = b"/>" if rest.endswith(b"/") else b">"
    reference = values.get(b"r")
    if name == b"row":
        if reference is not None and not reference.isdigit():
            raise damaged(path, "A sheet has rows that cannot be placed.")
        if len(reference or b"") > LONGEST_NUMBER:
            raise _beyond(path)
        place[:] = [place[0] + 1 if reference is None else int(reference), 0]
        return b'<row r="%d"%s' % (place[0], end), False
    if reference is None:
        place[1] += 1
        reference = b"%s%d" % (_letters(place[1]), place[0])
    else:
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise damaged(path, "A sheet has cells that cannot be placed.")
        if len(found[1]) > LONGEST_LETTERS or len(found[2]) > LONGEST_NUMBER:
            raise _beyond(path)
        place[1] = _column(found[1])
    text = b'<c r="%s"' % reference.upper()
    if values.get(b"s", b"").isdigit():
        text += b' s="%s"' % values[b"s"]
    kind = values.get(b"t", b"")
    if kind:
        text += b' t="%s"' % (b"str" if kind in (b"s", b"e") else b"".join(_WORD.findall(kind)))
    return text + end, kind == b"s"


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> bytes:
    letters = b""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        letters = bytes([65 + letter]) + letters
    return letters
