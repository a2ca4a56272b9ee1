"""Rows that are there twice, cell by cell, without holding the rows: each leaves a fingerprint of 128 bits.

The fingerprints are made with keys that are new for each file: docs/decisions/0004-fingerprints.md.
"""

import hashlib
import secrets
from collections.abc import Sequence

import numpy as np

from spoke_admin.roster.duplicates import GROUP, Words, cut, mixed
from spoke_admin.roster.marks import QUOTE, Bytes, Places
from spoke_admin.roster.scanning import Batch, Flags

Prints = tuple[Words, Words]

LONG = 2048  # bytes of a row that is taken by itself
BETWEEN_CELLS = 0xFE  # no UTF-8 has such a byte
LOW = np.uint64((1 << 25) - 1)


class SameRows:
    """Remembers the rows of a file, which are all of one width."""

    def __init__(self) -> None:
        self._keys = [np.uint64(secrets.randbits(64) | 1) for _ in range(4)]
        self._likely = np.zeros(int(LOW) + 1, np.bool_)  # by the lowest bits of the first half
        self._runs: list[Prints] = []  # each sorted by its first half

    def again(self, batches: Sequence[Batch]) -> Places:
        """The lines of rows that are the same as an earlier one, ascending.

        All of them stand behind the rows taken before, and none holds bytes that cannot be decoded.
        """
        if not batches:
            return np.zeros(0, np.int64)
        first, second = zip(*(_hashed(*_bare(batch), self._keys) for batch in batches), strict=True)
        lines = np.concatenate([batch.lines for batch in batches])
        return np.sort(lines[self._take((np.concatenate(first), np.concatenate(second)), lines)])

    def _take(self, prints: Prints, lines: Places) -> Places:
        """Which rows were there before; remembers the others."""
        order = np.argsort(prints[0])
        again = np.zeros(len(order), np.bool_)
        if np.any(prints[0][order][1:] == prints[0][order][:-1]):
            order = np.lexsort((lines, prints[1], prints[0]))
            again[1:] = np.logical_and(*(half[order][1:] == half[order][:-1] for half in prints))
        first, second = prints[0][order], prints[1][order]
        places = np.flatnonzero(self._likely[first & LOW])
        for known in self._runs if len(places) else ():
            again[places] |= _among(known, first[places], second[places])
        self._keep((first[~again], second[~again]))
        return order[again]

    def _keep(self, run: Prints) -> None:
        """Runs of about the same length are merged: there are never many."""
        self._likely[run[0] & LOW] = True
        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)


def _merged(one: Prints, other: Prints) -> Prints:
    first, second = (np.concatenate(halves) for halves in zip(one, other, strict=True))
    order = np.argsort(first, kind="stable")  # which merges what is sorted
    return first[order], second[order]


def _among(known: Prints, first: Words, second: Words) -> Flags:
    if not len(known[0]):
        return np.zeros(len(first), np.bool_)
    place = np.minimum(np.searchsorted(known[0], first), len(known[0]) - 1)
    found: Flags = (known[0][place] == first) & (known[1][place] == second)
    return found


def _bare(batch: Batch) -> tuple[Bytes, Places, Places]:
    """Buffer, begins and sizes of the rows of a batch: without quotes, with a byte between cells that no cell holds."""
    buffer, starts, ends = batch.marks.buffer.copy(), batch.starts, batch.ends
    quoted = buffer[starts - 1] == QUOTE
    buffer[ends[:, :-1]] = BETWEEN_CELLS  # on a delimiter or a closing quote
    begins, stops = starts[:, 0], ends[:, -1]
    if quoted.any():
        opening, behind = starts[:, 1:][quoted[:, 1:]] - 1, ends[:, :-1][quoted[:, :-1]] + 1
        kept = np.ones(len(buffer), np.bool_)
        kept[opening] = kept[behind] = False
        gone = np.cumsum(np.count_nonzero(quoted[:, 1:], axis=1) + np.count_nonzero(quoted[:, :-1], axis=1))
        buffer, begins, stops = buffer[kept], begins - np.append(0, gone[:-1]), stops - gone
    return buffer, begins, stops - begins


def _hashed(buffer: Bytes, starts: Places, sizes: Places, keys: list[np.uint64]) -> Prints:
    """Two hashes of the size and the bytes of each row."""
    long = np.flatnonzero(sizes > LONG)
    first, second = _in_groups(buffer, starts, np.where(sizes > LONG, 0, sizes), keys)
    secret = b"".join(key.tobytes() for key in keys)
    for row in long.tolist():
        data = buffer[starts[row] : starts[row] + sizes[row]].tobytes()
        digest = hashlib.blake2b(data, digest_size=16, key=secret).digest()
        first[row], second[row] = np.frombuffer(digest, np.uint64)
    return first, second


def _in_groups(buffer: Bytes, starts: Places, sizes: Places, keys: list[np.uint64]) -> Prints:
    """Of all rows together, GROUP bytes at a time, padded by zeros."""
    length = sizes.astype(np.uint64)
    first, second = mixed(length ^ keys[0], keys[2]), mixed(length ^ keys[1], keys[3])
    windows = np.ndarray((len(buffer) - GROUP + 1,), f"V{GROUP}", buffer, strides=(1,))
    rows, at, left = np.arange(len(starts)), starts, sizes
    while len(rows):
        words = cut(windows[at], left)
        turned = words.byteswap()
        one, two = first[rows], second[rows]
        for word in range(words.shape[1]):
            one, two = mixed(one ^ words[:, word], keys[2]), mixed(two ^ turned[:, word], keys[3])
        first[rows], second[rows] = one, two
        more = left > GROUP
        rows, at, left = rows[more], at[more] + GROUP, left[more] - GROUP
    return first, second
