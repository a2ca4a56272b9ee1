"""A text written with edits: everything else is, byte for byte, what the file holds."""

import codecs
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.encoding import Encoding
from spoke_admin.roster.marks import Places

Replaced = tuple[int, int, str]  # begin and end in a piece of text, in bytes of UTF-8, and what stands there instead
VeryBytes = tuple[bytes, Places]


class SourceBytes:
    """The very bytes behind the text of a file that is not UTF-8, piece by piece, as `Text` makes it of them."""

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self._file = file
        self._codec = encoding.codec
        self._sizes = np.array([_size_of(byte, encoding) for byte in range(256)], np.int64)
        file.seek(encoding.mark)

    def of(self, text: bytes) -> VeryBytes:
        """The bytes of the next piece of text; and where each byte of the text, and its end, is among them."""
        places = np.zeros(len(text) + 1, np.int64)
        np.cumsum(self._sizes[np.frombuffer(text, np.uint8)], out=places[1:])
        return self._file.read(int(places[-1])), places

    def shown(self, very: VeryBytes, begin: int, end: int) -> str:
        """A part of the text; bytes that cannot be decoded are shown by their number, after a backslash."""
        data, places = very
        return data[places[begin] : places[end]].decode(self._codec, "backslashreplace")


def _size_of(byte: int, encoding: Encoding) -> int:
    """How many bytes of the file stand behind the character that a byte of its text begins."""
    if byte == 0xFF or encoding.codec == "cp1252":
        return 0 if 0x80 <= byte < 0xC0 else 1  # 0xFF: one byte that could not be decoded
    return 0 if 0x80 <= byte < 0xC0 else 4 if byte >= 0xF0 else 2


class Copying:
    """Writes a text, piece by piece, in its own encoding and with its mark, or as UTF-8 without one."""

    def __init__(self, write: Callable[[bytes], object], encoding: Encoding, *, to_utf8: bool) -> None:
        self._write = write
        self._codec = "utf-8" if to_utf8 else encoding.codec
        self._as_text = to_utf8 or encoding.name == "utf-8"
        if encoding.mark and not to_utf8:
            write(codecs.BOM_UTF8 if self._as_text else "\ufeff".encode(encoding.codec))

    def add(self, text: bytes, very: VeryBytes | None, edits: Sequence[Replaced]) -> None:
        """A piece of the text, with edits that do not overlap. `very`: its bytes, where it is not UTF-8."""
        data, places = (text, None) if self._as_text or very is None else very
        if not edits:
            if data:
                self._write(data)
            return
        pieces: list[bytes | memoryview] = []
        view, at = memoryview(data), 0
        for begin, end, new in sorted(edits):
            first, last = (begin, end) if places is None else (int(places[begin]), int(places[end]))
            pieces += (view[at:first], self.encoded(new))
            at = last
        pieces.append(view[at:])
        self._write(b"".join(pieces))

    def encoded(self, text: str) -> bytes:
        """As it is written. Raises AdminError where the encoding has no such character."""
        try:
            return text.encode(self._codec, "surrogateescape" if self._codec == "utf-8" else "strict")
        except UnicodeEncodeError:
            raise AdminError(
                f"“{text}” cannot be written in the file's encoding.", "Change the file to UTF-8 in the same repair."
            ) from None
