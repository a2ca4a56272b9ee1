"""A program with a clipboard, for tests that need several on one display: an order on argv, a text as first line of
standard input, answers as lines.

`copy SECONDS`: copies the secret, prints each countdown, ends with it; every further line of input is copied anew.
`quit SECONDS`: the same, and quits when its input ends. `hold`: copies text and keeps it until its input ends.
`read`: prints what is on the clipboard, with its hint. `lock saver|login`: tells all that the screen is locked.
"""

import json
import sys
import threading

from PySide6.QtCore import QObject, Signal
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtGui import QGuiApplication

from spoke_admin.domain.secret import Secret
from spoke_admin.ui.screen_lock import LOGIN
from spoke_admin.ui.secret_clipboard import Countdown, SecretClipboard

HINT = "x-kde-passwordManagerHint"


class Input(QObject):
    """Lines of standard input, told in the program's own thread; then its end."""

    line = Signal(str)
    ended = Signal()

    def listen(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for words in sys.stdin:
            self.line.emit(words.strip())
        self.ended.emit()


def say(**words: object) -> None:
    print(json.dumps(words), flush=True)


def lock(how: str) -> None:
    """As a screen saver (session bus) or the login manager (system bus) tells of it."""
    if how == "login":
        bus, signal = QDBusConnection.systemBus(), QDBusMessage.createSignal("/session/_31", LOGIN, "Lock")
    else:
        bus = QDBusConnection.sessionBus()
        name = "org.freedesktop.ScreenSaver"
        signal = QDBusMessage.createSignal("/org/freedesktop/ScreenSaver", name, "ActiveChanged")
        signal.setArguments([how == "saver"])
    sent = bus.send(signal)
    bus.interface().isServiceRegistered(LOGIN)  # the answer comes after the signal has gone out
    say(sent=sent)


def copy(app: QGuiApplication, given: Input, seconds: int) -> None:
    ours = SecretClipboard(app, seconds)

    def told(countdown: Countdown) -> None:
        say(seconds=countdown.seconds, replaced=countdown.replaced)
        if not countdown.seconds:
            ours.told.disconnect(told)  # the end of the program tells it once more
            app.quit()

    ours.told.connect(told)
    given.line.connect(lambda text: ours.copy(Secret(text)))
    ours.copy(Secret(sys.stdin.readline()))


def main(order: str, more: str = "") -> None:
    app = QGuiApplication([])
    clipboard = app.clipboard()
    if order == "read":
        data = clipboard.mimeData()
        say(text=data.text(), hint=bytes(data.data(HINT).data()).decode())
        return
    if order == "lock":
        lock(more)
        return
    given = Input(app)
    if order == "hold":
        clipboard.setText(sys.stdin.readline().strip())
        app.processEvents()
        say(owned=clipboard.ownsClipboard())
    else:
        copy(app, given, int(more))
        app.processEvents()
    if order != "copy":
        given.ended.connect(app.quit)
    given.listen()
    app.exec()
    say(left=clipboard.text())


if __name__ == "__main__":
    main(*sys.argv[1:])
