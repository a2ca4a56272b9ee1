"""The findings of a check as arrays: a number each, and the text of most; what is not there is read from the file.

A finding is one 64-bit key: line (40 bits), column (16; 0 is none, else the place from 1), code (8). In the order of
the keys findings are in order of line, column and code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
from numpy.typing import NDArray

from spoke_admin.domain.finding import Finding
from spoke_admin.roster.marks import Bytes, Places
from spoke_admin.roster.words import CODES

Keys = NDArray[np.uint64]
Columns = Places | int  # places from 0, -1 for none
TellFinding = Callable[[int, int, str, str | None], Finding]  # line, column (-1: none), code, text of the cell if kept

KEPT = 80  # bytes of a cell that are kept with its finding
MOST_KEPT = 96 << 20  # bytes of all cells that are kept; beyond that, text is read from the file
FARTHEST = 65_534  # place of a column that a key can hold
NUMBER = {code: number for number, code in enumerate(CODES)}
NOT_KEPT = 255


def key_of(line: int, column: int, code: str) -> int:
    """`column` is a place from 0, -1 for none."""
    return line << 24 | (min(column, FARTHEST) + 1) << 8 | NUMBER[code]


@dataclass
class Collector:
    """Gathers findings in any order. `told`: findings in words whose text cannot be read again, by key."""

    told: dict[int, list[Finding]] = field(default_factory=dict)
    _keys: list[Keys] = field(default_factory=list)
    _sizes: list[Bytes] = field(default_factory=list)
    _texts: list[Bytes] = field(default_factory=list)
    _kept: int = 0

    def tell(self, finding: Finding, column: int = -1) -> None:
        """One finding in words."""
        key = key_of(finding.line, column, finding.code)
        self.told.setdefault(key, []).append(finding)
        self._add(np.array([key], np.uint64))

    def add(self, code: str, lines: Places, columns: Columns = -1) -> None:
        """A finding of each line, without text. `columns`: the place of the cell in each, or in all of them."""
        if len(lines):
            self._add(_keys(lines, columns, code))

    def add_cells(
        self, code: str, lines: Places, columns: Columns, buffer: Bytes, starts: Places, ends: Places
    ) -> None:
        """A finding of a cell of each line, with as much of its text as is kept."""
        if not len(lines):
            return
        sizes = ends - starts
        if self._kept > MOST_KEPT:
            self._add(_keys(lines, columns, code))
            return
        whole = sizes <= KEPT
        sizes = np.where(whole, sizes, 0)
        total = int(sizes.sum())
        offsets = np.cumsum(sizes) - sizes
        self._texts.append(buffer[np.repeat(starts - offsets, sizes) + np.arange(total)])
        self._kept += total
        self._add(_keys(lines, columns, code), np.where(whole, sizes, NOT_KEPT).astype(np.uint8))

    def _add(self, keys: Keys, sizes: Bytes | None = None) -> None:
        self._keys.append(keys)
        self._sizes.append(np.full(len(keys), NOT_KEPT, np.uint8) if sizes is None else sizes)

    def findings(self, tell: TellFinding) -> "Findings":
        """All of them, in their order. `tell` puts one into words."""
        keys = np.concatenate([np.zeros(0, np.uint64), *self._keys])
        sizes = np.concatenate([np.zeros(0, np.uint8), *self._sizes])
        lengths = np.where(sizes == NOT_KEPT, 0, sizes).astype(np.int64)
        offsets = (np.cumsum(lengths) - lengths).astype(np.uint32)
        texts = np.concatenate([np.zeros(0, np.uint8), *self._texts])
        if len(keys) and bool(np.any(keys[1:] < keys[:-1])):
            order = np.argsort(keys, kind="stable")
            keys, sizes, offsets = keys[order], sizes[order], offsets[order]
        return Findings(keys, sizes, offsets, texts, self.told, tell)


def _keys(lines: Places, columns: Columns, code: str) -> Keys:
    places = np.minimum(columns, FARTHEST) + 1
    return (lines << 24 | places << 8 | NUMBER[code]).astype(np.uint64)


@dataclass(eq=False, repr=False)
class Findings(Sequence[Finding]):
    """Findings in order of line, then column. Each is put into words when it is asked for."""

    keys: Keys
    sizes: Bytes
    offsets: NDArray[np.uint32]
    texts: Bytes
    told: Mapping[int, Sequence[Finding]]
    tell: TellFinding

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Finding]: ...
    def __getitem__(self, place: int | slice) -> Finding | Sequence[Finding]:
        if isinstance(place, slice):
            return [self[it] for it in range(*place.indices(len(self)))]
        key = int(self.keys[place])
        if (alike := self.told.get(key)) is not None:
            return alike[range(len(self))[place] - int(np.searchsorted(self.keys, self.keys[place]))]
        return self.tell(key >> 24, (key >> 8 & 0xFFFF) - 1, CODES[key & 0xFF], self.text(place))

    def __iter__(self) -> Iterator[Finding]:
        return (self[place] for place in range(len(self)))

    def text(self, place: int) -> str | None:
        """The text of the cell, None where it is not kept."""
        size = int(self.sizes[place])
        if size == NOT_KEPT:
            return None
        at = int(self.offsets[place])
        return self.texts[at : at + size].tobytes().decode("utf-8", "surrogateescape")

    @property
    def codes(self) -> Bytes:
        """The number of each finding's code in CODES."""
        return (self.keys & np.uint64(0xFF)).astype(np.uint8)

    @property
    def columns(self) -> NDArray[np.uint16]:
        """The place of each finding's column from 1, 0 for none."""
        return (self.keys >> np.uint64(8)).astype(np.uint16)

    @property
    def lines(self) -> Places:
        return (self.keys >> np.uint64(24)).astype(np.int64)

    def by_code(self) -> dict[str, int]:
        """How many there are of each code, by the code's name."""
        counts = np.bincount(self.codes, minlength=len(CODES)).tolist()
        return dict(sorted((code, count) for code, count in zip(CODES, counts, strict=True) if count))
