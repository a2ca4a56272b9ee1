"""Which bytes a file of users is made of: encoding, or the words why it is no text.

The rules: a byte order mark; else UTF-16 if every other byte is mostly NUL; else UTF-8. Bytes that are no UTF-8 and
outnumber the valid characters beyond ASCII mean Windows-1252, otherwise UTF-8 with damage.
"""

import codecs
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from spoke_admin.domain.error import AdminError

SAMPLE = 65_536
CHUNK = 1 << 20
DAMAGE = range(0xD800, 0xE000)  # no text holds these: what cannot be decoded is kept as one of them

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_KINDS = (
    (b"PK\x03\x04", "a workbook or another zip file", "Open it in a spreadsheet and save it as CSV (UTF-8)."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Open it in a spreadsheet and save it as CSV (UTF-8)."),
    (b"%PDF", "a PDF", "Ask for the users as a CSV file."),
    (b"\x1f\x8b", "packed by gzip", "Unpack it first."),
    (b"\x89PNG", "a picture", "Choose the CSV file of users."),
    (b"\x7fELF", "a program", "Choose the CSV file of users."),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name`: utf-8, utf-16-le, utf-16-be or windows-1252. `mark`: length of the byte order mark. `size` in bytes.

    `assumed`: the bytes are no UTF-8, so Windows-1252 is a guess.
    """

    name: str
    mark: int
    size: int
    assumed: bool = False


def _keep_damage(fault: UnicodeError) -> tuple[str, int]:
    """Keeps each byte that cannot be decoded as one lone surrogate, as Python's surrogateescape does for UTF-8."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    damaged = fault.object[fault.start : fault.end]
    return "".join(chr(0xDC00 + byte) for byte in damaged), fault.end


codecs.register_error("keep_damage", _keep_damage)


def ordinary_file(path: Path) -> int:
    """The size in bytes. Raises AdminError for what is no ordinary, readable, non-empty file; opens no pipe."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise AdminError(f"There is no file {path}.", "Check the name, or choose the file again.") from None
    except (OSError, ValueError) as fault:
        raise unreadable(path, fault) from None
    if stat.S_ISDIR(status.st_mode):
        raise AdminError(f"{path} is a folder.", "Choose the CSV file inside it.")
    if not stat.S_ISREG(status.st_mode):
        raise AdminError(f"{path} is not an ordinary file.", "Save what it delivers as a file first, then choose that.")
    if status.st_size == 0:
        raise _empty(path)
    return status.st_size


def encoding_of(path: Path) -> Encoding:
    """Finds out by reading the whole file once. Raises AdminError: unreadable, empty, no text."""
    size = ordinary_file(path)
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE)
            file.seek(0)
            for start, kind, remedy in _KINDS:
                if sample.startswith(start):
                    raise AdminError(f"{path} is {kind}, not a CSV file.", remedy)
            for mark, name in _MARKS:
                if sample.startswith(mark):
                    if not sample[len(mark) :].strip():
                        raise _empty(path)
                    return Encoding(name, len(mark), size)
            if name := _utf_16(sample):
                return Encoding(name, 0, size)
            _refuse_binary(path, sample)
            bad, good = _damage(iter(lambda: file.read(CHUNK), b""))
    except OSError as fault:
        raise unreadable(path, fault) from None
    if size <= SAMPLE and not sample.strip():
        raise _empty(path)
    return Encoding("windows-1252", 0, size, assumed=True) if bad > good else Encoding("utf-8", 0, size)


def _utf_16(sample: bytes) -> str:
    """UTF-16 without a mark: NUL in most of the even or most of the odd places, not in both."""
    pairs = len(sample) // 2
    if not pairs:
        return ""
    even, odd = sample[0 : 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if odd > pairs / 2 > even:
        return "utf-16-le"
    return "utf-16-be" if even > pairs / 2 > odd else ""


def _refuse_binary(path: Path, sample: bytes) -> None:
    """A NUL or two are dirt in a text; many control characters, or some among bytes that are no text, are no text."""
    if b"\0" not in sample:
        return
    controls = sum(sample.count(byte) for byte in (*range(9), *range(14, 32), 127)) / len(sample)
    foreign = sum(1 for character in sample.decode("utf-8", "surrogateescape") if ord(character) in DAMAGE) / len(
        sample
    )
    if controls > 0.3 or (controls > 0.05 and foreign > 0.2):
        raise AdminError(f"{path} is not a text file.", "Choose the CSV file of users.")


def _damage(chunks: Iterable[bytes]) -> tuple[int, int]:
    """How many bytes are no UTF-8, and how many valid characters beyond ASCII there are."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    bad = good = 0
    for chunk in chain(chunks, (b"",)):
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii():
            surrogates = sum(0xDC80 <= ord(character) <= 0xDCFF for character in text)
            bad += surrogates
            good += sum(character > "\x7f" for character in text) - surrogates
    return bad, good


def unreadable(path: Path, fault: Exception) -> AdminError:
    words = getattr(fault, "strerror", None) or str(fault)
    return AdminError(f"{path} cannot be read.", "Check that it is there and who may read it.", words)


def _empty(path: Path) -> AdminError:
    return AdminError(f"{path} is empty.", "Choose a file with a header and a row for each user.")
