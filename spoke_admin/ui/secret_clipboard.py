"""A secret on the clipboard: hidden from histories, taken away in time, at lock and quit, and only if still ours."""

from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QCoreApplication, QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from spoke_admin.domain.secret import Secret
from spoke_admin.ui.screen_lock import ScreenLock

SECONDS = 30
ALONE = ("offscreen", "minimal")  # platforms without other programs, which cannot tell who owns a clipboard
# what the histories of KDE's Klipper and of Windows look for before they keep a copy
HINTS = {
    "x-kde-passwordManagerHint": b"secret",
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"\x00\x00\x00\x00",
    'application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"': b"\x00\x00\x00\x00",
    'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"': b"\x00\x00\x00\x00",
}


@dataclass(frozen=True)
class Countdown:
    """Seconds until the copy is taken away; 0: it is gone, or `replaced` by a copy that is not ours to touch."""

    seconds: int
    replaced: bool = False

    @property
    def words(self) -> str:
        """As a page says it; "" when there is nothing to say."""
        if self.replaced:
            return "The clipboard holds something else now, which is left alone."
        return f"On the clipboard; taken away in {self.seconds} s." if self.seconds else ""


class SecretClipboard(QObject):
    """Copies one secret at a time; `told` carries a Countdown each second."""

    told = Signal(object)

    def __init__(self, parent: QObject | None = None, seconds: int = SECONDS) -> None:
        super().__init__(parent)
        self._seconds = seconds
        self._left = 0
        self._ours: QMimeData | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._lock = ScreenLock(self)
        self._lock.locked.connect(self.clear)
        if (application := QCoreApplication.instance()) is not None:
            application.aboutToQuit.connect(self.clear)

    def copy(self, secret: Secret) -> None:
        """Puts the secret on the clipboard and starts the countdown anew."""
        data = QMimeData()
        data.setText(secret.reveal())
        for kind, value in HINTS.items():
            data.setData(kind, QByteArray(value))
        QGuiApplication.clipboard().setMimeData(data)
        self._ours = data
        self._left = self._seconds
        self._timer.start()
        self._lock.listen()
        self.told.emit(Countdown(self._left))

    def clear(self) -> None:
        """Takes the copy away now, if it is still the one that was put there."""
        was_ours = self._ours is not None
        self._timer.stop()
        self._left = 0
        still_ours = self._is_ours()
        if still_ours:
            QGuiApplication.clipboard().clear()
        self._ours = None
        self.told.emit(Countdown(0, replaced=was_ours and not still_ours))

    def _is_ours(self) -> bool:
        """The same text put there by another program is that program's: ownership decides, then the very object."""
        clipboard = QGuiApplication.clipboard()
        owned = clipboard.ownsClipboard() or QGuiApplication.platformName() in ALONE
        return self._ours is not None and owned and clipboard.mimeData() is self._ours

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0 or not self._is_ours():
            self.clear()
        else:
            self.told.emit(Countdown(self._left))
