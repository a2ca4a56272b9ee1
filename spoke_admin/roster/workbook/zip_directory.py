"""The directory at the end of a zip file, and what its entries hold, never more than the directory promised.

Python's zipfile builds the whole directory before it can be asked how long it is, and takes a directory at its word.
The layout is that of PKWARE's APPNOTE: end record (4.3.16), its 64-bit form (4.3.14), central headers (4.3.12), local
headers (4.3.7), 64-bit extra field (4.5.3).
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import Source

MOST_ENTRIES = 10_000
LONGEST_DIRECTORY = 16 * 1024 * 1024  # bytes
BOMB_SIZE = 64 * 1024 * 1024  # bytes; what unpacks to less is harmless
BOMB_RATIO = 100  # text packs to a tenth or a fiftieth
PIECE = 1024 * 1024  # bytes that are unpacked at once
PACKED_PIECE = 64 * 1024

STORED, DEFLATED = 0, 8
SAVE_AGAIN = "Copy or download it once more; if that does not help, open it in a spreadsheet and save it again."

_END = struct.Struct("<4s4H2LH")  # signature, 2 disks, entries here, entries, size, offset, length of the comment
_END_64_PLACE = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_END = _END.size + 0xFFFF
_ENCRYPTED, _UTF_8 = 0x1, 0x800


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the zip, as the directory describes it. `packed` and `size` in bytes, `offset` of its local header."""

    name: str
    method: int
    encrypted: bool
    checksum: int
    packed: int
    size: int
    offset: int


def damaged(path: Path, detail: str = "") -> AdminError:
    return AdminError(f"{path} is damaged or incomplete.", SAVE_AGAIN, detail)


def entries_of(source: Source) -> dict[str, Entry]:
    """The entries by folded name (lower case, forward slashes): readers look parts up in any case.

    Raises AdminError: no directory, absurdly many entries, two of one name, a bomb by its own account.
    """
    place, length, number = _directory_of(source)
    if number > MOST_ENTRIES or length > LONGEST_DIRECTORY:
        raise AdminError(
            f"{source.path} holds {number:,} parts.", f"A workbook with at most {MOST_ENTRIES:,} parts can be read."
        )
    entries = dict[str, Entry]()
    for entry in _central_entries(source.path, _bytes_at(source, place, length), number):
        if entries.setdefault(folded(entry.name), entry) is not entry:
            raise damaged(source.path, f"It holds two parts of the name {entry.name[:200]}.")
    _refuse_bomb(source, sum(entry.size for entry in entries.values()))
    return entries


def folded(name: str) -> str:
    return name.replace("\\", "/").removeprefix("/").lower()


def unpacked(source: Source, entry: Entry, look: Callable[[], None] = lambda: None) -> Iterator[bytes]:
    """The entry's bytes in pieces of at most PIECE; `look` is called for each and may raise to stop.

    Raises AdminError when they are not exactly as many as the directory says, or other ones, or cannot be unpacked.
    """
    if entry.encrypted:
        raise AdminError(f"{source.path} is locked with a password.", "Unlock it, or save it without a password.")
    if entry.method not in (STORED, DEFLATED):
        raise AdminError(
            f"{source.path} is packed in an unusual way.",
            "Open it in a spreadsheet and save it again.",
            f"{entry.name}: method {entry.method}.",
        )
    size = checksum = 0
    for piece in _pieces(source, entry):
        look()
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
        if size > entry.size:
            raise damaged(source.path, f"{entry.name} is longer than the {entry.size:,} bytes it claims.")
        yield piece
    if (size, checksum) != (entry.size, entry.checksum):
        raise damaged(source.path, f"{entry.name} is not what was packed.")


def _bytes_at(source: Source, place: int, length: int) -> bytes:
    """Exactly `length` bytes. Raises AdminError where the file ends before."""
    if place < 0 or place + length > source.size:
        raise damaged(source.path, f"It ends before byte {place + length:,}.")
    source.file.seek(place)
    found = source.file.read(length)
    if len(found) != length:
        raise damaged(source.path, f"It ends before byte {place + length:,}.")
    return found


def _directory_of(source: Source) -> tuple[int, int, int]:
    """Where the directory begins, its length in bytes, the number of its entries."""
    tail_at = max(0, source.size - _LONGEST_END)
    tail = _bytes_at(source, tail_at, source.size - tail_at)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise damaged(source.path, "The directory at its end is missing.")
    _, disk, first_disk, here, number, length, place, _ = _END.unpack_from(tail, at)
    if 0xFFFF in (here, number) or 0xFFFFFFFF in (length, place):
        disk, first_disk, here, number, length, place = _directory_64(source, tail_at + at)
    if disk or first_disk or here != number:
        raise damaged(source.path, "It is one of several files.")
    return place, length, number


def _directory_64(source: Source, end: int) -> tuple[int, int, int, int, int, int]:
    """What the 64-bit end record says; `end` is where the plain one begins."""
    signature, _, place, _ = _END_64_PLACE.unpack(_bytes_at(source, end - _END_64_PLACE.size, _END_64_PLACE.size))
    if signature != b"PK\x06\x07":
        raise damaged(source.path, "The directory at its end is broken.")
    signature, *_, disk, first_disk, here, number, length, start = _END_64.unpack(
        _bytes_at(source, place, _END_64.size)
    )
    if signature != b"PK\x06\x06":
        raise damaged(source.path, "The directory at its end is broken.")
    return disk, first_disk, here, number, length, start


def _central_entries(path: Path, directory: bytes, number: int) -> Iterator[Entry]:
    at = 0
    for _ in range(number):
        if at + _CENTRAL.size > len(directory):
            raise damaged(path, "The directory at its end is cut off.")
        signature, _, _, flags, method, _, _, checksum, packed, size, name, extra, comment, _, _, _, offset = (
            _CENTRAL.unpack_from(directory, at)
        )
        at += _CENTRAL.size
        if signature != b"PK\x01\x02" or at + name + extra + comment > len(directory):
            raise damaged(path, "The directory at its end is broken.")
        text = directory[at : at + name].decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
        size, packed, offset = _sizes_64(path, directory[at + name : at + name + extra], (size, packed, offset))
        yield Entry(text, method, bool(flags & _ENCRYPTED), checksum, packed, size, offset)
        at += name + extra + comment


def _sizes_64(path: Path, extra: bytes, sizes: tuple[int, int, int]) -> tuple[int, int, int]:
    """Size, packed size, offset: those that have no place in 32 bits stand in the extra field, in this order."""
    missing = sizes.count(0xFFFFFFFF)
    if not missing:
        return sizes
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1 and length >= 8 * missing and at + 4 + 8 * missing <= len(extra):
            wide = iter(struct.unpack_from(f"<{missing}Q", extra, at + 4))
            size, packed, offset = (next(wide) if value == 0xFFFFFFFF else value for value in sizes)
            return size, packed, offset
        at += 4 + length
    raise damaged(path, "The directory at its end is broken.")


def _refuse_bomb(source: Source, size: int) -> None:
    if size > BOMB_SIZE and size > BOMB_RATIO * source.size:
        raise AdminError(
            f"{source.path} would unpack to {size // source.size:,} times its size.",
            "No list of users does: ask whoever sent it, or save the sheet as CSV (UTF-8).",
            f"{source.size:,} bytes unpack to {size:,}.",
        )


def _pieces(source: Source, entry: Entry) -> Iterator[bytes]:
    """Unpacked pieces, not yet held against the directory."""
    start = entry.offset
    signature, *_, name, extra = _LOCAL.unpack(_bytes_at(source, start, _LOCAL.size))
    if signature != b"PK\x03\x04":
        raise damaged(source.path, f"{entry.name} is not where the directory says.")
    start += _LOCAL.size + name + extra
    end = start + entry.packed
    step = PIECE if entry.method == STORED else PACKED_PIECE
    parts = (_bytes_at(source, at, min(step, end - at)) for at in range(start, end, step))
    return parts if entry.method == STORED else _inflated(source.path, entry, parts)


def _inflated(path: Path, entry: Entry, parts: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for part in parts:
            yield inflater.decompress(part, PIECE)
            while inflater.unconsumed_tail and not inflater.eof:
                yield inflater.decompress(inflater.unconsumed_tail, PIECE)
        while not inflater.eof and (piece := inflater.decompress(b"", PIECE)):
            yield piece
    except zlib.error as fault:
        raise damaged(path, f"{entry.name}: {fault}.") from None
    if not inflater.eof or inflater.unused_data:
        raise damaged(path, f"{entry.name} is not what was packed.")
