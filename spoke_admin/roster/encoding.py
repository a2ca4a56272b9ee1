"""Which encoding a file of users is in, or the words why it is no text.

The rules: a byte order mark; else UTF-16 if every other byte is mostly NUL; else UTF-8. Bytes that are no UTF-8 and
outnumber the valid characters beyond ASCII mean Windows-1252, otherwise UTF-8 with damage.
"""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import Source, empty

SAMPLE = 65_536
CHUNK = 1 << 20
LONGEST_LINE = 32 * CHUNK  # bytes; a file without line ends would fill the memory
FIRST_LEAD = 0xC2  # of the bytes that begin a character of UTF-8 beyond ASCII
ASCII = bytes(range(128))
BLANKS = b" \t\r\n\x0b\x0c\0"  # NUL as half of a blank in UTF-16

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SAVE_AS = "Give its name the ending .xlsx, or open it in a spreadsheet and save it as CSV (UTF-8)."
_KINDS = (
    (b"PK\x03\x04", "a workbook or another zip file", _SAVE_AS),
    (b"PK\x05\x06", "an empty zip file", "Choose the CSV file of users."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _SAVE_AS),
    (b"%PDF", "a PDF", "Ask for the users as a CSV file."),
    (b"\x1f\x8b", "packed by gzip", "Unpack it first."),
    (b"\x89PNG", "a picture", "Choose the CSV file of users."),
    (b"\x7fELF", "a program", "Choose the CSV file of users."),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name`: utf-8, utf-16-le, utf-16-be or windows-1252. `mark`: length of the byte order mark.

    `assumed`: the bytes are no UTF-8, so Windows-1252 is a guess.
    """

    name: str
    mark: int = 0
    assumed: bool = False

    @property
    def codec(self) -> str:
        """What Python calls it."""
        return "cp1252" if self.name == "windows-1252" else self.name


def _keep_damage(fault: UnicodeError) -> tuple[str, int]:
    """Keeps each byte that cannot be decoded as one lone surrogate: for surrogateescape a byte that is no UTF-8."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return "\udcff" * (fault.end - fault.start), fault.end


codecs.register_error("keep_damage", _keep_damage)


def first_look(source: Source) -> Encoding | None:
    """The encoding by the file's beginning; None where only its whole tells whether it is UTF-8.

    Raises AdminError for what is no text. Leaves the file behind its beginning.
    """
    sample = source.file.read(SAMPLE)
    for start, kind, remedy in _KINDS:
        if sample.startswith(start):
            raise AdminError(f"{source.path} is {kind}, not a CSV file.", remedy)
    encoding = _marked(sample) or _utf_16(sample)
    _refuse_binary(source.path, sample, encoding)
    return encoding


def encoding_of(source: Source, look: Callable[[], None] = lambda: None) -> Encoding:
    """Finds out by reading the whole file once; `look` is called often and may raise to stop.

    Raises AdminError: empty but for blanks, no text, a line that never ends. Leaves the file where reading stopped.
    """
    source.file.seek(0)
    encoding = first_look(source)
    source.file.seek(encoding.mark if encoding else 0)
    chunks = _bounded(source, look)
    if encoding is not None:
        for _ in chunks:  # its lines must end all the same
            pass
        return encoding
    bad, good = _damage(chunks)
    return Encoding("windows-1252", assumed=True) if bad > good else Encoding("utf-8")


def damaged_places(data: bytes) -> NDArray[np.int64]:
    """The places of bytes that are no UTF-8, in whole lines: all that belong to no whole character."""
    try:
        if data.isascii() or data.decode():
            return np.zeros(0, np.int64)
    except UnicodeDecodeError:
        pass
    around = bytes(3) + data + bytes(3)  # a character that goes over a border is seen from both sides
    found = np.empty(len(data), np.bool_)
    for at in range(0, len(data), CHUNK):
        found[at : at + CHUNK] = _damaged(np.frombuffer(around[at : at + CHUNK + 6], np.uint8))
    return np.flatnonzero(found)


def _damaged(read: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each byte belongs to no whole character; the first and the last three are not asked for."""
    return damaged_among(read[:-3], read[1:-2], read[2:-1], read[3:])[3:]


def damaged_among(
    first: NDArray[np.uint8], second: NDArray[np.uint8], third: NDArray[np.uint8], fourth: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Which of some bytes belong to no whole character of UTF-8.

    `second`, `third`, `fourth`: what follows each of them. Of the bytes beyond ASCII that follow each other none may
    be left out; ASCII may.
    """
    follows = (second & 0xC0) == 0x80
    two = (first >= 0xC2) & (first <= 0xDF) & follows
    follows = follows & ((third & 0xC0) == 0x80)
    three = (first & 0xF0 == 0xE0) & follows
    three &= ~((first == 0xE0) & (second < 0xA0)) & ~((first == 0xED) & (second > 0x9F))
    four = (first >= 0xF0) & (first <= 0xF4) & follows & ((fourth & 0xC0) == 0x80)
    four &= ~((first == 0xF0) & (second < 0x90)) & ~((first == 0xF4) & (second > 0x8F))
    whole = (first < 0x80) | two | three | four
    for count, leads in ((1, two | three | four), (2, three | four), (3, four)):
        whole[count:] |= leads[:-count]
    damaged: NDArray[np.bool_] = ~whole
    return damaged


def utf8_counts(data: bytes, damaged: NDArray[np.int64]) -> tuple[int, int]:
    """How many bytes are no UTF-8 (`damaged`: their places), and how many valid characters beyond ASCII there are."""
    if data.isascii():
        return 0, 0
    read = np.frombuffer(data, np.uint8)
    leads = np.count_nonzero(read >= FIRST_LEAD) - np.count_nonzero(read[damaged] >= FIRST_LEAD)
    return len(damaged), int(leads)


def decoded(data: bytes) -> str:
    """Whole lines as text, each byte that is no UTF-8 as U+DCFF.

    Not by surrogateescape alone: of damage on both sides of a quote it would make a character when the quote is taken
    out.
    """
    damaged = damaged_places(data)
    if len(damaged):
        read = np.frombuffer(data, np.uint8).copy()
        read[damaged] = 0xFF
        data = read.tobytes()
    return data.decode("utf-8", "surrogateescape")


def _marked(sample: bytes) -> Encoding | None:
    return next((Encoding(name, len(mark)) for mark, name in _MARKS if sample.startswith(mark)), None)


def _utf_16(sample: bytes) -> Encoding | None:
    """UTF-16 without a mark: NUL in most of the even or most of the odd places, not in both."""
    pairs = len(sample) // 2
    even, odd = sample[0 : 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if odd > pairs / 2 > even:
        return Encoding("utf-16-le")
    return Encoding("utf-16-be") if even > pairs / 2 > odd else None


def _text(sample: bytes, encoding: Encoding | None) -> str:
    """The sample as text, whatever cannot be decoded kept as a lone surrogate."""
    if encoding is None:
        return sample.decode("utf-8", "keep_damage")
    return sample[encoding.mark :].decode(encoding.codec, "keep_damage")


def _refuse_binary(path: Path, sample: bytes, encoding: Encoding | None) -> None:
    """A NUL or two are dirt in a text; many control characters, or some among bytes that are no text, are no text."""
    text = _text(sample, encoding)
    if "\0" not in text:
        return
    controls = sum(text.count(chr(code)) for code in (*range(9), *range(14, 32), 127)) / len(text)
    foreign = sum("\ud800" <= character <= "\udfff" for character in text) / len(text)
    if controls > 0.3 or (controls > 0.05 and foreign > 0.2):
        raise AdminError(f"{path} is not a text file.", "Choose the CSV file of users.")


def _bounded(source: Source, look: Callable[[], None]) -> Iterator[bytes]:
    """The file in chunks, as long as its lines end and something is in it."""
    run, blank = 0, True
    for chunk in iter(lambda: source.file.read(CHUNK), b""):
        look()
        last_end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        run = run + len(chunk) if last_end < 0 else len(chunk) - last_end
        if run > LONGEST_LINE:
            raise AdminError(f"{source.path} has a line that never ends.", "Choose the CSV file of users.")
        blank = blank and not chunk.strip(BLANKS)
        yield chunk
    if blank:
        raise empty(source.path)


def _damage(chunks: Iterator[bytes]) -> tuple[int, int]:
    """How many bytes are no UTF-8, and how many valid characters beyond ASCII there are."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    bad = good = 0
    for chunk in chain(chunks, (b"",)):
        if chunk and chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk, final=not chunk)
        bad += len(chunk) - len(text.encode("utf-8"))  # bytes held back at a chunk's end count in the next one
        good += len(text) - (len(chunk) - len(chunk.translate(None, ASCII)))
    return bad, good
