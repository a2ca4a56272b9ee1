"""Opens the real window on a kept connection, visits every page and prints all that can be read, heard or pointed at.

`python -m tests.end_to_end.window_texts NAME`: ends by itself.
"""

import sys

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractItemView, QLabel, QLineEdit, QTableView, QWidget

from spoke_admin import cli
from spoke_admin.__main__ import main
from spoke_admin.ui import window

LOOK_MS = 10
MOST_CELLS = 2000


def texts(top: QWidget) -> list[str]:
    """Of every widget, shown or not; of a masked field what a screen reader hears."""
    found: list[str] = []
    for it in (top, *top.findChildren(QWidget)):
        found += [it.objectName(), it.windowTitle(), it.toolTip(), it.statusTip(), it.whatsThis(), repr(it)]
        found += [it.accessibleName(), it.accessibleDescription()]
        if isinstance(it, QLabel):
            found.append(it.text())
        if isinstance(it, QLineEdit):
            found += [it.displayText(), it.placeholderText()]
        if isinstance(it, QAbstractItemView) and it.model() is not None:
            found += cells(it)
        interface = QAccessible.queryAccessibleInterface(it)
        found += [interface.text(kind) for kind in (QAccessible.Text.Name, QAccessible.Text.Value)]
    return found


def cells(view: QAbstractItemView) -> list[str]:
    model, nowhere = view.model(), QModelIndex()
    columns = model.columnCount(nowhere) if isinstance(view, QTableView) else 1  # a list model keeps its own private
    places = [(row, column) for row in range(model.rowCount(nowhere)) for column in range(columns)]
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    return [str(model.index(*place).data(role)) for place in places[:MOST_CELLS] for role in roles]


class Visited(window.Window):
    """Goes to the next page whenever nothing is under way."""

    def __init__(self, geometry: str = "") -> None:
        super().__init__(geometry)
        cli._log_level(2)  # as -vv of a command
        self._left = [*window.PAGES, ""]
        self._look = QTimer(self)
        self._look.timeout.connect(self._next)
        self.painted.connect(lambda: self._look.start(LOOK_MS))

    def _next(self) -> None:
        if not self.tasks.quiet or self.connection is None:
            return
        print("\n".join(texts(self)))
        name = self._left.pop(0)
        if name:
            self.show_page(name)
        else:
            self._look.stop()
            self.close()


if __name__ == "__main__":
    window.Window = Visited  # type: ignore[misc]  # the real one, but for going round by itself
    sys.exit(main(["--connection", *sys.argv[1:]]))
