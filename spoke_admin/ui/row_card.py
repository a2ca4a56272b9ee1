"""The row a finding is about: its cells with the marked one in sight, what is wrong with it, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.ui import theme
from spoke_admin.ui.findings_model import NOWHERE, SIGNS, WORDS, Index, severity_icons, visible, with_blanks, words_of
from spoke_admin.ui.form import button, dim, wrapped
from spoke_admin.ui.messages import Message
from spoke_admin.ui.roster_check import explanation
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress

if TYPE_CHECKING:
    from spoke_admin.roster.checking import Result
    from spoke_admin.roster.choosing import Chooser

HEADS = ("Column", "Value")
OF_THE_HEADER = (
    "encoding_assumed",
    "missing_column",
    "unknown_column",
    "duplicate_column",
)  # there is no row for these
BEYOND, MISSING, EMPTY = "beyond the header", "missing", "empty"
LONGEST_VALUE, LONGEST_TIP = 300, 2_000  # characters
NARROW = 600  # pixels: words and cells side by side need as many
WIDEST_NAME = 220  # pixels
SHORTEST_TABLE = 156  # pixels: the head and four rows
WORST_FIRST = tuple(Severity)


@dataclass(frozen=True)
class Row:
    """A row to show: names of columns beside cells, of which either may be fewer.

    `more`: cells behind those; `marks`: what is found in cells, by their place; `marked`: the cell that is meant, -1
    for none; `words`: which row it is.
    """

    names: Sequence[str]
    cells: Sequence[str]
    words: str
    more: int = 0
    marks: Mapping[int, Severity] = field(default_factory=dict)
    marked: int = -1


@dataclass(frozen=True)
class Looked:
    """A finding in words and its row."""

    finding: Finding
    row: Row


def look(result: "Result", chooser: "Chooser", place: int) -> Looked:
    """Reads a finding's row. For a worker. Raises AdminError where the file is not as it was checked."""
    finding = chooser.findings[place]
    line, marked = finding.line, chooser.column_of(place)
    marks = _marks(chooser, line, marked, finding.severity)
    if chooser.of_header(place):
        names = [f"column {number:,}" for number in range(1, len(result.columns) + 1)]
        return Looked(finding, Row(names, result.columns, f"The header, line {line:,}", 0, marks, marked))
    record = result.lookup.record(line)
    words = f"Line {line:,}: {_counted(record.width)}"
    if record.width != len(result.columns):
        words += f", the header has {len(result.columns):,}"
    return Looked(finding, Row(result.columns, record.cells, words, record.more, marks, marked))


def _marks(chooser: "Chooser", line: int, marked: int, severity: Severity) -> dict[int, Severity]:
    """The worst that is found in each cell of a line; of the marked one what is shown."""
    marks: dict[int, Severity] = {}
    for column, found in chooser.on_line(line):
        if column >= 0:
            marks[column] = min(found, marks.get(column, found), key=WORST_FIRST.index)
    if marked >= 0:
        marks[marked] = severity
    return marks


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells:,} cells"


class RowModel(QAbstractTableModel):
    """The cells of one row, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._row = Row((), (), "")
        self.recolour()

    def recolour(self) -> None:
        """Light or dark was chosen."""
        now = theme.colours()
        self._icons = severity_icons()
        grounds = {Severity.ERROR: now.error_ground, Severity.WARNING: now.warning_ground}
        self._grounds = {severity: QBrush(QColor(colour)) for severity, colour in grounds.items()}
        self._dim = QBrush(QColor(now.dim))

    def show_row(self, row: Row) -> None:
        self.beginResetModel()
        self._row = row
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        row = self._row
        return 0 if parent.isValid() else max(len(row.names), len(row.cells)) + bool(row.more)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return HEADS[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        place, of_value = index.row(), index.column() == 1
        if role == Qt.ItemDataRole.DisplayRole:
            return self._shown(place, LONGEST_VALUE) if of_value else self._name(place)
        if role == Qt.ItemDataRole.DecorationRole and of_value and place in self._row.marks:
            return self._icons[self._row.marks[place]]
        if role == Qt.ItemDataRole.FontRole:
            return self._font(place, of_value=of_value)
        if role == Qt.ItemDataRole.BackgroundRole and place == self._row.marked:
            return self._grounds.get(self._row.marks[place])
        if role == Qt.ItemDataRole.ForegroundRole and self._absent(place, of_value=of_value):
            return self._dim
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._shown(place, LONGEST_TIP) if of_value else self._name(place)
        if role == Qt.ItemDataRole.AccessibleTextRole and of_value and place in self._row.marks:
            found = WORDS[self._row.marks[place]].lower()
            which = "the cell that is meant" if place == self._row.marked else "in this cell, too"
            return f"{self._shown(place, LONGEST_TIP)} ({found}: {which})"
        return None

    def _name(self, place: int) -> str:
        return visible(self._row.names[place], LONGEST_VALUE) if place < len(self._row.names) else BEYOND

    def _shown(self, place: int, longest: int) -> str:
        cells = self._row.cells
        if place < len(cells):
            return with_blanks(cells[place], longest) or EMPTY
        return f"and {_counted(self._row.more)} more" if self._row.more else MISSING

    def _absent(self, place: int, *, of_value: bool) -> bool:
        """Whether what is shown is our word, not the file's."""
        if of_value:
            return place >= len(self._row.cells) or not self._row.cells[place]
        return place >= len(self._row.names)

    def _font(self, place: int, *, of_value: bool) -> QFont | None:
        bold, italic = place == self._row.marked, self._absent(place, of_value=of_value)
        if not bold and not italic:
            return None
        font = QFont()
        font.setBold(bold)
        font.setItalic(italic)
        return font


class RowCard(QFrame):
    """Shows a finding and its row, which is read beside the window. `again`: the file is to be checked again."""

    again = Signal()
    left = Signal()  # Esc: back to the list

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.setObjectName("finding_card")
        self.setProperty("role", "card")
        self._tasks = tasks
        self._task: Task | None = None
        self._result: Result | None = None
        self._severity = Severity.ERROR
        self.sign = QLabel()
        self.sign.setObjectName("finding_sign")
        self.kind = wrapped("", "finding_kind")
        self.detail = wrapped("", "finding_detail")
        self.row_words = dim("", "row_label")
        self.message = Message(prefix="row_")
        self.table = QTableView()
        self.model = RowModel()
        self._set_up_table()
        self.close_button = button("&Close the row", "close_row_button", "link")
        self.close_button.clicked.connect(self._close)
        self._lay_out()
        self.hide()

    def _set_up_table(self) -> None:
        as_list(self.table, "row_table", "Cells of the row")
        self.table.setModel(self.model)
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(SHORTEST_TABLE)
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.sign)
        head.addWidget(self.kind, 1)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addLayout(head)
        words.addWidget(self.detail)
        words.addStretch(1)
        words.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignLeft)
        cells = QVBoxLayout()
        cells.setSpacing(6)
        cells.addWidget(self.row_words)
        cells.addWidget(self.message)
        cells.addWidget(self.table, 1)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._both.setContentsMargins(16, 12, 16, 12)
        self._both.setSpacing(16)
        self._both.addLayout(words, 2)
        self._both.addLayout(cells, 3)

    def show_result(self, result: "Result | None") -> None:
        """Another file was checked, or none is open."""
        self._result = result
        self.clear()

    def clear(self) -> None:
        """Nothing is chosen."""
        if self._task is not None:
            self._task.cancel()
        self.hide()

    def show_finding(self, chooser: "Chooser", place: int, known: Finding) -> None:
        """`known`: the finding as far as it is in memory; the rest, and the row, comes from the file."""
        result = self._result
        if self._task is not None:
            self._task.cancel()
        if result is None:
            return
        self._say(known)
        self.message.clear()
        self.show()

        def work(_progress: TellProgress, _cancelled: Cancelled) -> Looked:
            return look(result, chooser, place)

        self._task = self._tasks.work(work, self._take, self._failed, owner=self)

    def _take(self, looked: Looked) -> None:
        self._say(looked.finding)
        row = looked.row
        self.row_words.setText(row.words)
        self.model.show_row(row)
        self.table.show()
        names = min(WIDEST_NAME, self.table.sizeHintForColumn(0) + 12)
        self.table.setColumnWidth(0, max(names, 100))
        marked = self.model.index(max(row.marked, 0), 1)
        self.table.selectionModel().setCurrentIndex(marked, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.table.scrollTo(marked, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.table.horizontalScrollBar().setValue(0)  # the names belong in sight, too

    def _failed(self, error: AdminError) -> None:
        self.row_words.setText("")
        self.table.hide()
        self.message.show_error(error, self.again.emit, "Check again")

    def _say(self, finding: Finding) -> None:
        self._severity = finding.severity
        self.kind.setText(f"{WORDS[finding.severity]}: {words_of(finding.code)}")
        theme.set_role(
            self.kind, {Severity.ERROR: "error", Severity.WARNING: "warning"}.get(finding.severity, "strong")
        )
        self.detail.setText(explanation(finding))
        self._draw_sign()

    def _draw_sign(self) -> None:
        now = theme.colours()
        colour = {Severity.ERROR: now.error, Severity.WARNING: now.warning}.get(self._severity, now.dim)
        self.sign.setPixmap(theme.pixmap(SIGNS[self._severity], 16, colour))

    def recolour(self) -> None:
        """Light or dark was chosen."""
        self.model.recolour()
        self._draw_sign()

    def come_into_view(self, beside: QWidget | None = None) -> None:
        """Scrolls the page, where it is too long for its window; not where `beside` would then be out of sight."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if not isinstance(area, QScrollArea):
            return
        if beside is not None and self.geometry().bottom() - beside.geometry().top() > area.viewport().height():
            return
        area.ensureWidgetVisible(self, 0, 16)

    def enter(self) -> None:
        """The keyboard goes on in the cells; when they are not there, to the button that helps."""
        self.come_into_view()
        (self.message.button if self.message.isVisible() else self.table).setFocus()

    def _close(self) -> None:
        self.clear()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Too narrow for both: the cells below the words."""
        super().resizeEvent(event)
        beside = self.width() >= NARROW
        self._both.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
