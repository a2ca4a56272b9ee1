"""When the person locks the screen: what must not lie open while nobody sits there can be taken away."""

import os
import sys
from typing import cast

from PySide6.QtCore import SLOT, QObject, Signal, Slot

# D-Bus interfaces whose signal ActiveChanged(bool) says that the screen is locked now, or no longer
SAVERS = (
    "org.freedesktop.ScreenSaver",
    "org.gnome.ScreenSaver",
    "org.cinnamon.ScreenSaver",
    "org.mate.ScreenSaver",
    "org.xfce.ScreenSaver",
)
LOGIN = "org.freedesktop.login1.Session"  # on the system bus: its signal Lock() asks for the lock, also of bare X


class ScreenLock(QObject):
    """Emits `locked` on Linux desktops, from `listen()` on. Windows and macOS tell of it only to native code."""

    locked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listens = False

    def listen(self) -> None:
        """Begins to listen; a bus that is not there is not started for it."""
        if self._listens or not sys.platform.startswith("linux"):
            return
        self._listens = True
        from PySide6.QtDBus import QDBusConnection  # when something is copied, not when the program starts

        if "DBUS_SESSION_BUS_ADDRESS" in os.environ:
            session = QDBusConnection.sessionBus()
            for saver in SAVERS:
                session.connect("", "", saver, "ActiveChanged", self, _slot("changed(bool)"))
        QDBusConnection.systemBus().connect("", "", LOGIN, "Lock", self, _slot("asked()"))

    @Slot(bool)
    def changed(self, active: bool) -> None:
        """The screen is locked, or open again."""
        if active:
            self.locked.emit()

    @Slot()
    def asked(self) -> None:
        """Someone asks for the lock: the desktop's menu, a closed lid, an idle timer."""
        self.locked.emit()


def _slot(signature: str) -> bytes:
    """What `connect` takes: text, though PySide6 6.11 declares bytes and refuses them."""
    return cast("bytes", SLOT(signature))
