"""The side bar: the pages, and always visible which connection this is and whether it is the sandbox or live."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QVBoxLayout

from spoke_admin.domain.systems import Connection
from spoke_admin.ui import theme
from spoke_admin.ui.form import button, wrapped

WIDTH, NARROW_WIDTH = 200, 132


class SideBar(QFrame):
    """`chosen` carries the page's name."""

    chosen = Signal(object)

    def __init__(self, pages: Mapping[str, str]) -> None:
        super().__init__()
        self.setObjectName("side_bar")
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 24, 14, 18)
        self._column.setSpacing(4)
        for number, (name, title) in enumerate(pages.items(), 1):
            self._column.addWidget(self._button(name, title, number))
        self._column.addStretch(1)
        self._mode = wrapped("", "mode_label")
        self._connection = wrapped("", "connection_label")
        self._column.addWidget(self._mode)
        self._column.addSpacing(4)
        self._column.addWidget(self._connection)
        self.show_connection(None)
        self.set_narrow(False)

    def show_page(self, name: str) -> None:
        """Marks the page that shows."""
        it = self._buttons[name]
        with QSignalBlocker(it):
            it.setChecked(True)
        self.recolour()

    def show_connection(self, connection: Connection | None, opening: str = "") -> None:
        """Name, host and mode of the open connection; `opening`: words while there is none yet."""
        if connection is None:
            self._set_mode("none", "NONE OPEN")
            self._connection.setText(opening or "Open a connection on the page Overview.")
            return
        host = connection.service.scim_url.partition("://")[2].partition("/")[0]
        self._set_mode(*(("sandbox", "SANDBOX") if connection.sandbox else ("live", "LIVE")))
        self._connection.setText(f"{connection.name}\n{host}")
        self._connection.setToolTip(connection.service.scim_url)

    def set_narrow(self, narrow: bool) -> None:
        """Without icons where there is little room."""
        self.setFixedWidth(NARROW_WIDTH if narrow else WIDTH)
        side = 6 if narrow else 14
        self._column.setContentsMargins(side, 24 if not narrow else 12, side, 18 if not narrow else 8)
        for it in self._buttons.values():
            it.setIconSize(QSize(0, 0) if narrow else QSize(18, 18))

    def recolour(self) -> None:
        now = theme.colours()
        for name, it in self._buttons.items():
            it.setIcon(theme.icon(name, now.on_accent if it.isChecked() else now.dim))

    def _button(self, name: str, title: str, number: int) -> QPushButton:
        it = button(title, f"nav_{name}", "nav")
        it.setCheckable(True)
        it.setToolTip(f"{title} (Ctrl+{number})")
        # toggled, not clicked: a screen reader's press toggles a checkable button and clicks nothing
        it.toggled.connect(lambda checked: self.chosen.emit(name) if checked else None)
        self._group.addButton(it)
        self._buttons[name] = it
        return it

    def _set_mode(self, mode: str, words: str) -> None:
        self._mode.setText(words)
        self._mode.setProperty("mode", mode)
        self._mode.style().unpolish(self._mode)
        self._mode.style().polish(self._mode)
