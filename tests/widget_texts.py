"""All that can be read, heard or pointed at in a window: shown or not, and of a masked field only what it shows."""

from collections.abc import Iterator
from itertools import islice

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
    QTextEdit,
    QWidget,
)

MOST_CELLS = 2000


def texts(top: QWidget) -> list[str]:
    """Of the window and of every widget in it, with what a screen reader hears of them."""
    found: list[str] = []
    for it in (top, *top.findChildren(QWidget)):
        found += properties(it)
        interface = QAccessible.queryAccessibleInterface(it)
        found += [interface.text(kind) for kind in (QAccessible.Text.Name, QAccessible.Text.Value)]
    return found


def properties(it: QWidget) -> list[str]:
    """Of one widget."""
    found = [it.objectName(), it.windowTitle(), it.toolTip(), it.statusTip(), it.whatsThis(), repr(it)]
    found += [it.accessibleName(), it.accessibleDescription()]
    match it:
        case QLabel() | QAbstractButton():
            found.append(it.text())
        case QLineEdit():
            found += [it.displayText(), it.placeholderText()]
        case QPlainTextEdit() | QTextEdit():
            found += [it.toPlainText(), it.placeholderText()]
        case QComboBox():
            found += [it.itemText(place) for place in range(min(it.count(), MOST_CELLS))]
        case QGroupBox():
            found.append(it.title())
        case QAbstractItemView() if it.model() is not None:
            found += cells(it)
    return found


def cells(view: QAbstractItemView) -> list[str]:
    """What the first cells show and tell."""
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    return [str(it.data(role)) for it in islice(_places(view), MOST_CELLS) for role in roles]


def _places(view: QAbstractItemView) -> Iterator[QModelIndex]:
    model, nowhere = view.model(), QModelIndex()
    columns = model.columnCount(nowhere) if isinstance(view, QTableView) else 1  # a list model keeps its own private
    for row in range(model.rowCount(nowhere)):
        for column in range(columns):
            yield model.index(row, column)
