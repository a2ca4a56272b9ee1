"""Ctrl+K: pages and actions by a few letters of their names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Entry:
    """Something the palette can do; `keys` is its shortcut, if it has one."""

    words: str
    do: Callable[[], object]
    keys: str = ""


class Palette(QDialog):
    """A small dialog with a filter; Enter does the chosen entry, Esc closes."""

    def __init__(self, entries: Sequence[Entry], parent: QWidget) -> None:
        super().__init__(parent)
        self._entries = entries
        self.setObjectName("palette")
        self.setWindowTitle("Go to or do")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.filter = QLineEdit()
        self.filter.setObjectName("palette_filter")
        self.filter.setPlaceholderText("A few letters of a page or an action")
        caption = QLabel("&Go to or do")
        caption.setObjectName("palette_filter_label")
        caption.setBuddy(self.filter)
        self.list = QListWidget()
        self.list.setObjectName("palette_list")
        self.list.setAccessibleName("Pages and actions")
        column = QVBoxLayout(self)
        column.addWidget(caption)
        column.addWidget(self.filter)
        column.addWidget(self.list)
        self.resize(420, 340)
        self.filter.textChanged.connect(self._show)
        self.filter.returnPressed.connect(self._do)
        self.list.itemActivated.connect(lambda _item: self._do())
        self.filter.installEventFilter(self)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down move in the list while the filter keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if by is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + by) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        self.list.clear()
        wanted = self.filter.text().casefold().split()
        for entry in self._entries:
            if all(part in entry.words.casefold() for part in wanted):
                item = QListWidgetItem(f"{entry.words}    {entry.keys}" if entry.keys else entry.words)
                item.setData(Qt.ItemDataRole.UserRole, entry)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        if self.list.currentRow() < 0:
            return
        item = self.list.currentItem()
        entry = item.data(Qt.ItemDataRole.UserRole)
        self.accept()
        entry.do()
