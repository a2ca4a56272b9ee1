"""The findings of a check as a table: filtered and sorted in the data, shown through an index."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.ui import theme
from spoke_admin.ui.tables import row_icon

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray
    from PySide6.QtGui import QIcon

    from spoke_admin.roster.choosing import Chooser

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
HEADS = ("Line", "Column", "Finding", "Value", "What is wrong", "What to do")
WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFO: "Note"}
SIGNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "ready"}
LINE_ENDS = {"\r": "⏎", "\n": "⏎", "\t": "⇥"}
LONGEST_SHOWN = 200  # characters of a value in the table
REMEMBERED = 1024  # findings in words: many times what a screen shows
MOST_WANTED = 128  # findings that are read from the file at a time: what a screen shows, not what was scrolled past
NOT_YET = "…"  # in place of what is being read from the file


class FindingsModel(QAbstractTableModel):
    """Shows the findings of `chooser` at `places`, each put into words when it is first looked at.

    `wanted` carries the places (a tuple) of those that need the file for that: `take` brings their words.
    """

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._chooser: Chooser | None = None
        self._places: NDArray[int64] | None = None
        self._words: OrderedDict[int, Finding] = OrderedDict()
        self._asked: dict[int, int] = {}  # row by place
        self._under_way: dict[int, int] = {}  # the same of those that are being read
        self._icons: dict[Severity, QIcon] = {}
        self.recolour()

    def recolour(self) -> None:
        """Light or dark was chosen."""
        self._icons = severity_icons()

    def show_findings(self, chooser: "Chooser | None", places: "NDArray[int64] | None") -> None:
        """Replaces everything that is shown."""
        self.beginResetModel()
        if chooser is not self._chooser:
            self._words.clear()
        self._chooser, self._places = chooser, places
        self._asked.clear()
        self._under_way = {}
        self.endResetModel()

    def finding(self, row: int) -> Finding:
        """In words; without the value where that is still to be read."""
        return self._finding(self.place(row), row)

    def place(self, row: int) -> int:
        """Which of all findings a row shows."""
        return int(self._places[row]) if self._places is not None else -1

    def row_of(self, place: int) -> int:
        """The row of a finding; -1 where it is not shown."""
        if self._places is None:
            return -1
        rows = (self._places == place).nonzero()[0]
        return int(rows[0]) if len(rows) else -1

    def take(self, words: Mapping[int, Finding]) -> None:
        """The words of findings that were wanted, by place."""
        for place, finding in words.items():
            self._remember(place, finding)
        rows = [row for place, row in self._under_way.items() if row < self.rowCount() and self.place(row) == place]
        self._under_way = {}
        if self._asked:
            QTimer.singleShot(0, self, self._want)
        if rows:
            self.dataChanged.emit(self.index(min(rows), 0), self.index(max(rows), len(HEADS) - 1))

    def _finding(self, place: int, row: int) -> Finding:
        if (known := self._words.get(place)) is not None:
            self._words.move_to_end(place)
            return known
        if self._chooser is None:
            raise IndexError(place)
        if self._chooser.in_memory(place):
            finding = in_words(self._chooser, place)
            self._remember(place, finding)
            return finding
        self._ask(place, row)
        return replace(self._chooser.outline(place), value=NOT_YET, message=NOT_YET)

    def _remember(self, place: int, finding: Finding) -> None:
        self._words[place] = finding
        while len(self._words) > REMEMBERED:
            self._words.popitem(last=False)

    def _ask(self, place: int, row: int) -> None:
        if not self._asked and not self._under_way:
            QTimer.singleShot(0, self, self._want)
        self._asked[place] = row
        while len(self._asked) > MOST_WANTED:
            del self._asked[next(iter(self._asked))]

    def _want(self) -> None:
        """One batch at a time: while it is read, rows may be scrolled past."""
        if self._asked and not self._under_way:
            self._under_way, self._asked = self._asked, {}
            self.wanted.emit(tuple(self._under_way))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() or self._places is None else len(self._places)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return HEADS[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return _shown(self.finding(index.row()), index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 2:
            return self._icons[self.finding(index.row()).severity]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() >= 2:
            return _shown(self.finding(index.row()), index.column())
        return None


def in_words(chooser: "Chooser", place: int) -> Finding:
    """A finding in words; where the file it needs is not as it was, those of that fault. May read the file."""
    try:
        return chooser.findings[place]
    except AdminError as error:
        return replace(chooser.outline(place), message=f"{error.title} {error.remedy}")


def read_words(chooser: "Chooser", places: Sequence[int]) -> dict[int, Finding]:
    """Findings in words by their places. For a worker: reads the file."""
    return {place: in_words(chooser, place) for place in places}


def severity_icons() -> "dict[Severity, QIcon]":
    """A row's icon for each severity, in the colours that hold now."""
    now = theme.colours()
    colours = {Severity.ERROR: now.error, Severity.WARNING: now.warning, Severity.INFO: now.dim}
    return {severity: row_icon(SIGNS[severity], colour) for severity, colour in colours.items()}


def _shown(finding: Finding, column: int) -> str:
    if column == 0:
        return f"{finding.line:,}"
    if column == 1:
        return visible(finding.column or "", LONGEST_SHOWN)
    if column == 2:
        return f"{WORDS[finding.severity]}: {words_of(finding.code)}"
    if column == 3:
        return visible(finding.value, LONGEST_SHOWN)
    return finding.message if column == 4 else finding.fix


def visible(text: str, longest: int) -> str:
    """A cell on one line of at most `longest` characters; what cannot be seen, or turns text round, by its number."""
    shown = text[: longest + 1]
    if not shown.isprintable():
        shown = "".join(it if it.isprintable() else LINE_ENDS.get(it, f"⟨U+{ord(it):04X}⟩") for it in shown)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def with_blanks(text: str, longest: int) -> str:
    """As `visible`; blanks around it, which nobody would see, as dots."""
    shown = visible(text, longest)
    if shown == (bare := shown.strip()):
        return shown
    before = len(shown) - len(shown.lstrip()) if bare else len(shown)
    return "·" * before + bare + "·" * (len(shown) - before - len(bare))


def words_of(code: str) -> str:
    """A code as it is read: phone_not_us -> phone not us."""
    return code.replace("_", " ")
