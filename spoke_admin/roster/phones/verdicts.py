"""Verdicts on US phone numbers, exactly `judge_us_phone`'s, at about the price of reading them.

The phonenumbers library takes 40 µs a number. `phone_writing` reads the usual ways of writing, `phone_digits` has the
verdict on the digits from tables derived from the library's own data; whatever they do not know for certain, the
library is asked.

In bulk, cells that differ in their digits only have one shape, and a shape is read once. A file has few of them.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spoke_admin.domain.phone import PhoneCode, judge_us_phone
from spoke_admin.roster.phones.digits import FIRST_SIX, MOST, SECOND_SIX, UNSETTLED, DialledDigits
from spoke_admin.roster.phones.prefixes import (
    ASK,
    EXTENSION,
    INVALID,
    LETTERS,
    NOT_US,
    TAKEN,
    TOLL_FREE_800_888,
    TOLL_FREE_OTHER,
    UnknownPlanError,
)
from spoke_admin.roster.phones.writing import MOST_CHARACTERS, read, shape_of

_CODES: Final = {
    NOT_US: PhoneCode.NOT_US,
    INVALID: PhoneCode.INVALID,
    TOLL_FREE_800_888: PhoneCode.TOLL_FREE_800_888,
    TOLL_FREE_OTHER: PhoneCode.TOLL_FREE_OTHER,
    EXTENSION: PhoneCode.EXTENSION,
    LETTERS: PhoneCode.LETTERS,
}
# A finding code for each verdict; none for numbers that are taken and for blank cells.
CODES: Final[tuple[str, ...]] = ("", *(_CODES[verdict].value for verdict in sorted(_CODES)))

WIDTH: Final = 32  # bytes; longer cells are judged one by one
TEXTS_KEPT = 200_000
SHAPES_KEPT = 4_096
BETWEEN_LOOKS = 256  # cells judged one by one: some 10 ms if the library has to be asked about each
_PIECE = 16_384  # cells; what is worked on stays in the processor's cache
_FEWEST_ALIKE = 8  # cells of a shape; fewer are judged one by one

_FILL = np.array([[0] * length + [255] * (WIDTH - length) for length in range(WIDTH + 1)], np.uint8).view(np.uint64)
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
_LEADING = 7  # digits of a number that its verdict may depend on
_WEIGHTS = 10 ** np.arange(_LEADING - 1, -1, -1, dtype=np.int32)

_OPEN = 254  # in place of a verdict: the digits decide

Bytes = NDArray[np.uint8]
Rows = NDArray[np.intp]
Look = Callable[[], None]


def code_of(text: str) -> str:
    """The code of one cell's finding, "" for a number that is taken and for a blank cell."""
    return CODES[_verdict(text)]


def codes(
    buffer: Bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], look: Look = lambda: None
) -> NDArray[np.uint8]:
    """Where in CODES the code of each cell is. The cells, UTF-8 of any length, lie in the contiguous buffer.

    At least 64 more bytes follow the last cell in the buffer. `look` is called now and then; it may raise to end this.
    """
    found = np.full(len(starts), TAKEN, np.uint8)
    for first in range(0, len(starts), _PIECE):
        look()
        piece = slice(first, first + _PIECE)
        _judge(buffer, starts[piece], ends[piece], found[piece], look)
    return found


def _judge(
    buffer: Bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], found: NDArray[np.uint8], look: Look
) -> None:
    """Fills in what is found, where cells are not empty."""
    lengths = ends - starts
    rows = np.flatnonzero((lengths > 0) & (lengths <= WIDTH))
    dialled = _dialled()
    if dialled is not None and len(rows):
        rows, verdicts = _judge_alike(rows, _windows(buffer, starts[rows], lengths[rows]), dialled)
        found[rows] = verdicts
        rows = rows[verdicts == ASK]
    alone = np.concatenate((rows, np.flatnonzero(lengths > WIDTH)))
    view = buffer.data
    for count, (row, start, end) in enumerate(
        zip(alone.tolist(), starts[alone].tolist(), ends[alone].tolist(), strict=True), 1
    ):
        found[row] = _verdict(str(view[start:end], "utf-8", "surrogateescape"))
        if count % BETWEEN_LOOKS == 0:
            look()


def _verdict(text: str) -> int:
    """The verdict on one text; TAKEN for a blank one."""
    dialled = _dialled()
    if dialled is not None and len(text) <= MOST_CHARACTERS:
        written = read(text)
        if written is not None:
            if not written.digits and not text.strip():
                return TAKEN
            verdict = dialled.verdict(written.digits, plus=written.plus)
            if verdict != ASK:
                return written.if_taken if verdict == TAKEN else verdict
    if not text.strip():
        return TAKEN
    return _asked(text) if len(text) <= MOST_CHARACTERS else _ask(text)


def _ask(text: str) -> int:
    """The library's verdict."""
    code = judge_us_phone(text).code
    return TAKEN if code is None else CODES.index(code.value)


_asked = lru_cache(maxsize=TEXTS_KEPT)(_ask)


@cache
def _dialled() -> DialledDigits | None:
    """None if the installed library's data are of an unknown kind: it is asked about every text then."""
    try:
        return DialledDigits()
    except UnknownPlanError:
        return None


def _windows(buffer: Bytes, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Bytes:
    """The cells side by side, (n, WIDTH); 255, which no UTF-8 holds, fills what is behind a cell's end."""
    every = np.ndarray((len(buffer) - WIDTH + 1,), f"V{WIDTH}", buffer, strides=(1,))
    return (every[starts].view(np.uint64).reshape(-1, WIDTH // 8) | _FILL[lengths]).view(np.uint8)


def _judge_alike(rows: Rows, cells: Bytes, dialled: DialledDigits) -> tuple[Rows, NDArray[np.uint8]]:
    """The rows in another order, and the verdict on each; ASK where a cell has to be judged alone."""
    values = cells - np.uint8(ord("0"))
    shapes = cells - values * (values < 10).view(np.uint8)
    order, bounds = _grouped(shapes)
    cells, shapes = _taken(cells, order), _taken(shapes, order)
    words = shapes.view(np.uint64)
    leading = np.zeros(len(order), np.int32)  # the first _LEADING digits of the number
    cases = np.zeros(len(order), np.int32)  # which of the rows of `leads`
    if_taken = np.zeros(len(order), np.uint8)
    verdicts = np.full(len(order), ASK, np.uint8)
    for first, last in pairwise(bounds):
        if last - first < _FEWEST_ALIKE:
            continue
        example = shapes[first].tobytes().rstrip(b"\xff")
        group = slice(first, last)
        if b"0" not in example:  # the cells are the same
            verdicts[group] = _verdict(example.decode(errors="surrogateescape"))
        elif shape := _shape_of(example):
            leading[group] = _numbers(cells[group], shape.places)
            cases[group] = shape.plus * (MOST + 1) + min(len(shape.places), MOST)
            if_taken[group] = shape.if_taken
            verdicts[group] = _OPEN
        same = words[group] == words[first]
        if not same.all():  # two shapes of one hash
            unlike = ~same.all(axis=1)
            verdicts[group][unlike] = ASK
            leading[group][unlike] = 0
    by_digits = _by_digits(cases, leading, dialled)
    by_digits = np.where(by_digits == TAKEN, if_taken, by_digits)
    return rows[order], np.where(verdicts == _OPEN, by_digits, verdicts)


def _grouped(shapes: Bytes) -> tuple[Rows, list[int]]:
    """An order that puts shapes of the same hash together, and where each group begins, with the end of the last."""
    words = shapes.view(np.uint64)
    mixed = words[:, 0] * _FACTORS[0]
    for column in range(1, len(_FACTORS)):
        mixed ^= words[:, column] * _FACTORS[column]
    hashes = (mixed >> np.uint64(48)).astype(np.uint16)  # 16 bits are sorted fastest
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    return order, [0, *(np.flatnonzero(hashes[1:] != hashes[:-1]) + 1).tolist(), len(order)]


def _taken(cells: Bytes, order: Rows) -> Bytes:
    """The cells in another order."""
    return cells.view(f"V{WIDTH}")[:, 0][order].view(np.uint8).reshape(-1, WIDTH)


def _numbers(cells: Bytes, places: tuple[int, ...]) -> NDArray[np.int32]:
    """The first _LEADING digits of each cell as a number, as if zeros followed where there are fewer."""
    weights = _WEIGHTS[: len(places)]
    found: NDArray[np.int32] = (cells[:, places[:_LEADING]] - np.uint8(ord("0"))).astype(np.int32) @ weights
    return found


def _by_digits(cases: NDArray[np.int32], leading: NDArray[np.int32], dialled: DialledDigits) -> NDArray[np.uint8]:
    """Verdicts, or ASK, on numbers by their leading digits."""
    leads = leading // 10_000
    table = dialled.leads.reshape(-1, 1_000)
    found = table[cases, leads]
    unsettled = np.unique(leads[found == UNSETTLED])
    if len(unsettled):
        for lead in unsettled.tolist():
            dialled.settle(lead)
        found = table[cases, leads]
    six = np.where(found == SECOND_SIX, leading % 1_000_000, leading // 10)
    return np.where((found == FIRST_SIX) | (found == SECOND_SIX), dialled.first_six[six], found)


_shape_of = lru_cache(maxsize=SHAPES_KEPT)(shape_of)
