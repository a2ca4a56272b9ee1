"""Logins that are there twice, without holding the logins: case, outer blanks and diacritics do not count.

Each folded login leaves a fingerprint of 128 bits, made with keys that are new for each check: that two different
logins of a file share one is less likely than a fault of the memory (docs/decisions/0004-fingerprints.md).
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spoke_admin.roster.marks import PAD, Bytes, Places
from spoke_admin.roster.scanning import Cells

Words = NDArray[np.uint64]
GROUP = 32  # bytes of a login that are taken at once
LONGEST = 1024  # bytes of a login that is taken as it is; of a longer one its digest
BETWEEN_LOOKS = 1024  # logins that are folded one by one

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)


def folded(login: str) -> str:
    """A login without case, outer blanks and diacritics: what must not be there twice."""
    plain = login.strip().casefold()
    if plain.isascii():
        return plain
    return "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))


class Logins:
    """The fingerprints of a file's logins, with their lines."""

    def __init__(self) -> None:
        self._keys = [np.uint64(secrets.randbits(64) | 1) for _ in range(4)]
        self._first: list[Words] = []
        self._second: list[Words] = []
        self._lines: list[Places] = []

    def add(self, cells: Cells, ats: Places, look: Callable[[], None]) -> None:
        """Takes logins, none of them blank or damaged. `ats`: as `cells.lone_at()` tells."""
        # nothing but letters, digits and plain signs, and an @ at most: folding only lowers the letters
        simple = ((ats >= 0) | (cells.last == cells.first)) & (cells.ends - cells.starts <= LONGEST)
        if simple.all():
            self._keep(*cells.spans, cells.lines)
            return
        plain = cells.only(np.flatnonzero(simple))
        self._keep(*plain.spans, plain.lines)
        self._add_folded(cells.only(np.flatnonzero(~simple)), look)

    def _add_folded(self, cells: Cells, look: Callable[[], None]) -> None:
        texts: list[bytes] = []
        for place in range(len(cells)):
            if place % BETWEEN_LOOKS == 0:
                look()
            text = folded(cells.text(place)).encode()
            if len(text) > LONGEST:  # no login begins with NUL, a blank and a digest of its own
                text = b"\0 " + hashlib.blake2b(text, key=self._keys[0].tobytes(), digest_size=64).digest()
            texts.append(text)
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        stops = np.cumsum(sizes)
        self._keep(np.frombuffer(b"".join(texts) + bytes(PAD), np.uint8), stops - sizes, stops, cells.lines)

    def _keep(self, buffer: Bytes, starts: Places, ends: Places, lines: Places) -> None:
        first, second = _fingerprints(buffer, starts, ends, self._keys)
        self._first.append(first)
        self._second.append(second)
        self._lines.append(lines)

    def twice(self) -> tuple[Places, Places]:
        """The lines of logins that stand on an earlier line too, ascending; and beside each the first line of all."""
        if not self._first:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        first = np.concatenate(self._first)
        ordered = np.sort(first)
        more = ordered[1:][ordered[1:] == ordered[:-1]]
        candidates = _members(first, more)
        lines = np.concatenate(self._lines)[candidates]
        first, second = first[candidates], np.concatenate(self._second)[candidates]
        order = np.lexsort((lines, second, first))
        first, second, lines = first[order], second[order], lines[order]
        new = np.ones(len(lines), np.bool_)
        new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
        begins = lines[np.flatnonzero(new)][np.cumsum(new) - 1]
        by_line = np.argsort(lines[~new], kind="stable")
        return lines[~new][by_line], begins[~new][by_line]


def _members(values: Words, wanted: Words) -> Places:
    """Where `values` has one of `wanted`, which is sorted: by their lowest 20 bits first, which few others share."""
    if not len(wanted):
        return np.zeros(0, np.int64)
    low = np.uint64(0xFFFFF)
    table = np.zeros(1 << 20, np.bool_)
    table[wanted & low] = True
    likely = np.flatnonzero(table[values & low])
    found = np.minimum(np.searchsorted(wanted, values[likely]), len(wanted) - 1)
    members: Places = likely[wanted[found] == values[likely]]
    return members


def _fingerprints(buffer: Bytes, starts: Places, ends: Places, keys: list[np.uint64]) -> tuple[Words, Words]:
    """Two hashes of the lowered bytes of each span and their number, GROUP bytes at a time, padded by zeros."""
    sizes = (ends - starts).astype(np.uint64)
    first, second = mixed(keys[0] ^ sizes, keys[2]), mixed(keys[1] ^ sizes, keys[3])
    rows, at = np.arange(len(starts)), starts
    windows = np.ndarray((len(buffer) - GROUP + 1,), f"V{GROUP}", buffer, strides=(1,))
    while len(rows):
        words = _lowered(cut(windows[at], ends[rows] - at))
        turned = words.byteswap()  # what barely changes one product changes most of the other
        one, two = first[rows], second[rows]
        for word in range(words.shape[1]):
            one = mixed(one ^ words[:, word], keys[2])
            two = mixed(two ^ turned[:, word], keys[3])
        first[rows], second[rows] = one, two
        rows = rows[ends[rows] - at > GROUP]
        at = starts[rows] + GROUP if len(rows) else at
        starts = starts + GROUP
    return first, second


def mixed(value: Words, key: np.uint64) -> Words:
    value *= key
    value ^= value >> np.uint64(32)
    return value


def cut(windows: NDArray[np.void], sizes: Places) -> Words:
    """The first `sizes` bytes of each window, zeros behind them, as words of eight bytes."""
    return windows.view(np.uint64).reshape(-1, GROUP // 8) & _KEEP[np.minimum(sizes, GROUP)]


_KEEP = np.where(np.arange(GROUP) < np.arange(GROUP + 1)[:, None], 255, 0).astype(np.uint8).view(np.uint64)


def _lowered(words: Words) -> Words:
    """A to Z as a to z in each of the eight ASCII bytes of a word, nothing else changed."""
    low = words & ~_HIGH
    from_a = low + _ONES * np.uint64(0x80 - 0x41)
    past_z = low + _ONES * np.uint64(0x80 - 0x5B)
    capital = (from_a & ~past_z) & ~words & _HIGH
    return words | (capital >> np.uint64(2))
