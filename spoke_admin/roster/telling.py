"""Findings put into words when they are asked for: arrays hold where they are, the file holds what stands there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spoke_admin.domain.finding import Finding
from spoke_admin.roster.judging import ColumnRule, reason
from spoke_admin.roster.lookup import RecordLookup
from spoke_admin.roster.marks import Places
from spoke_admin.roster.words import finding, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHOUT_TEXT = ("row_too_short", "row_too_long")


class Numbers:
    """A number for each of some lines. Gathered first, then put in order, then asked, by any thread."""

    def __init__(self) -> None:
        self._lines: list[NDArray[np.uint32]] = []
        self._numbers: list[NDArray[np.uint32]] = []

    def add(self, lines: Places, numbers: Places) -> None:
        self._lines.append(lines.astype(np.uint32))
        self._numbers.append(numbers.astype(np.uint32))

    def put_in_order(self) -> None:
        if self._lines:
            lines, numbers = np.concatenate(self._lines), np.concatenate(self._numbers)
            order = np.argsort(lines)
            self._lines, self._numbers = [lines[order]], [numbers[order]]

    def of(self, line: int) -> int:
        return int(self._numbers[0][np.searchsorted(self._lines[0], line)])


@dataclass
class Teller:
    """Says what a finding means. `names`: the headers; `rules`: of each column."""

    names: list[str]
    rules: list[ColumnRule]
    widths: Numbers
    first_lines: Numbers
    lookup: RecordLookup

    def tell(self, line: int, column: int, code: str, text: str | None) -> Finding:
        """`text`: the cell's, None where it is to be looked up. Raises AdminError where the file is not as it was."""
        name = self.names[column] if 0 <= column < len(self.names) else None
        if code in WITHOUT_TEXT:
            return finding(line, name, code, "", f"{self.widths.of(line):,} cells instead of {len(self.rules):,}")
        cell = text if text is not None else self._cell(line, column)
        more = f"{self.first_lines.of(line):,}" if code == "duplicate_identifier" else ""
        if not more and name is not None:
            more = reason(code, cell, self.rules[column])
        return finding(line, name, code, shown(cell), more)

    def _cell(self, line: int, column: int) -> str:
        cells = self.lookup.record(line).cells
        return cells[column] if column < len(cells) else ""
