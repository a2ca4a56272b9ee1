"""The text of a file of users as UTF-8 bytes, whatever its encoding: in blocks of whole lines, or from any place in it.

Bytes that cannot be decoded stay bytes that are no UTF-8: in a UTF-8 file the very ones, in any other one 0xFF each.
"""

import codecs
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.encoding import LONGEST_LINE, Encoding
from spoke_admin.roster.source import Source

BLOCK = 1 << 21  # bytes that are read at once: marks of more leave the processor's cache, of less cost more calls
GIANT = 2 * BLOCK  # bytes of a line that gets a block of its own


@dataclass(slots=True)
class Block:
    """Whole lines. `at`: where they begin in the text, in bytes. `read`: bytes of the file that were read so far."""

    data: bytes
    at: int
    read: int


@dataclass
class Text:
    """Made for one open file. `places` maps the text to the file: pairs of (byte of the text, byte of the file)."""

    source: Source
    encoding: Encoding
    places: list[tuple[int, int]] = field(default_factory=list)

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """The whole text. A line end of two bytes is never cut. Raises AdminError for a line that never ends."""
        rest, at = b"", 0
        for chunk in self._chunks(size):
            data = rest + chunk if rest else chunk
            cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
            if cut == 0 and len(data) > LONGEST_LINE:
                raise AdminError(f"{self.source.path} has a line that never ends.", "Choose the CSV file of users.")
            for part in _apart(data[:cut]):
                yield Block(part, at, self.source.file.tell())
                at += len(part)
            rest = data[cut:]
        for part in _apart(rest):
            yield Block(part, at, self.source.file.tell())
            at += len(part)

    def _chunks(self, size: int) -> Iterator[bytes]:
        file, mark = self.source.file, self.encoding.mark
        file.seek(mark)
        if self.encoding.name == "utf-8":
            yield from iter(lambda: file.read(size), b"")
            return
        decoder, done = codecs.getincrementaldecoder(self.encoding.codec)("keep_damage"), 0
        self.places.clear()
        while True:
            self.places.append((done, file.tell() - len(decoder.getstate()[0])))
            chunk = file.read(size)
            text = decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogateescape")
            done += len(text)
            if text:
                yield text
            if not chunk:
                return

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes of the text from `at`, which begins a character. Needs `places`, so blocks() first."""
        file = self.source.file
        if self.encoding.name == "utf-8":
            file.seek(self.encoding.mark + at)
            return file.read(size)
        begin, place = self.places[bisect_right(self.places, at, key=lambda pair: pair[0]) - 1]
        file.seek(place)
        decoder, found = codecs.getincrementaldecoder(self.encoding.codec)("keep_damage"), bytearray()
        while len(found) < at - begin + size:
            chunk = file.read(BLOCK)
            found += decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogateescape")
            if not chunk:
                break
        return bytes(found[at - begin : at - begin + size])


def _apart(data: bytes) -> Iterator[bytes]:
    """A line that grew over chunks alone, what comes after it as another block."""
    if len(data) > GIANT:
        ends = [end for end in (data.find(b"\n"), data.find(b"\r")) if end >= 0]
        first = min(ends, default=len(data) - 1) + 1
        first += data[first - 1 : first + 1] == b"\r\n"
        yield data[:first]
        data = data[first:]
    if data:
        yield data
