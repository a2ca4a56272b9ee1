"""What the tables of the pages have in common."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QTableView

from spoke_admin.ui import theme
from spoke_admin.ui.form import identify

ROW = 30  # pixels
ICON = 16


def as_list(table: QTableView, name: str, words: str) -> None:
    """A table that is read row by row: names, whole rows chosen, Tab leads on to the next control."""
    identify(table, name, words)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    rows = table.verticalHeader()
    rows.hide()
    rows.setMinimumSectionSize(ROW)
    rows.setDefaultSectionSize(ROW)
    head = table.horizontalHeader()
    head.setStretchLastSection(True)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def row_icon(name: str, colour: str) -> QIcon:
    """An icon of a row, in its colour (#rrggbb); readable on the accent's ground, too, when the row is chosen."""
    made = QIcon()
    for size in (ICON, 2 * ICON):
        made.addPixmap(theme.pixmap(name, size, colour), QIcon.Mode.Normal)
        made.addPixmap(theme.pixmap(name, size, theme.colours().on_accent), QIcon.Mode.Selected)
    return made
