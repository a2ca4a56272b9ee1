"""What the tables of the pages have in common."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from spoke_admin.ui import theme
from spoke_admin.ui.form import identify

ROW = 30  # pixels
ICON = 16
SENTENCE = 250  # pixels
ROOM = 12  # pixels above and below the lines of a row, together


def as_list(table: QTableView, name: str, words: str) -> None:
    """A table that is read row by row: names, whole rows chosen, Tab leads on to the next control.

    The last column has the rest of the width, but never less than a sentence needs.
    """
    identify(table, name, words)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setItemDelegate(_Roomy(table))
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    rows = table.verticalHeader()
    rows.hide()
    rows.setMinimumSectionSize(ROW)
    rows.setDefaultSectionSize(ROW)
    head = table.horizontalHeader()
    table.viewport().installEventFilter(_LastColumn(table))
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class _LastColumn(QObject):
    """Fits the last column whenever the table, or another column, changes its width."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        table.horizontalHeader().sectionResized.connect(self._resized)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _resized(self, column: int, _before: int, _now: int) -> None:
        if column != self._table.horizontalHeader().count() - 1:
            self._fit()

    def _fit(self) -> None:
        last = self._table.horizontalHeader().count() - 1
        others = sum(self._table.columnWidth(column) for column in range(last))
        self._table.setColumnWidth(last, max(SENTENCE, self._table.viewport().width() - others))


class _Roomy(QStyledItemDelegate):
    """Where rows are as high as their text, it does not touch the next one."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return super().sizeHint(option, index) + QSize(0, ROOM)


def row_icon(name: str, colour: str) -> QIcon:
    """An icon of a row, in its colour (#rrggbb); readable on the accent's ground, too, when the row is chosen."""
    made = QIcon()
    for size in (ICON, 2 * ICON):
        made.addPixmap(theme.pixmap(name, size, colour), QIcon.Mode.Normal)
        made.addPixmap(theme.pixmap(name, size, theme.colours().on_accent), QIcon.Mode.Selected)
    return made
