"""A program with a clipboard, for tests that need several on one display: orders on argv, answers as lines.

`copy SECRET SECONDS`: copies a secret, prints each countdown, ends with it. `hold TEXT`: copies text and keeps it until
its standard input closes. `read`: prints what is on the clipboard. `quit SECRET`: copies a secret and quits at once.
"""

import json
import sys
import threading

from PySide6.QtCore import QMetaObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from spoke_admin.domain.secret import Secret
from spoke_admin.ui.secret_clipboard import Countdown, SecretClipboard


def say(**words: object) -> None:
    print(json.dumps(words), flush=True)


def main(order: str, text: str = "", seconds: str = "2") -> None:
    app = QGuiApplication([])
    clipboard = app.clipboard()
    if order == "read":
        say(text=clipboard.text())
        return
    if order == "hold":
        clipboard.setText(text)
    else:
        ours = SecretClipboard(app, int(seconds))

        def told(countdown: Countdown) -> None:
            say(seconds=countdown.seconds, replaced=countdown.replaced)
            if not countdown.seconds:
                app.quit()

        ours.told.connect(told)
        ours.copy(Secret(text))
    app.processEvents()
    if order == "quit":
        QTimer.singleShot(0, app.quit)
    if order == "hold":
        say(owned=clipboard.ownsClipboard())
        threading.Thread(target=_quit_with_input, args=(app,), daemon=True).start()
    app.exec()
    say(left=clipboard.text())


def _quit_with_input(app: QGuiApplication) -> None:
    sys.stdin.read()
    QMetaObject.invokeMethod(app, "quit", Qt.ConnectionType.QueuedConnection)


if __name__ == "__main__":
    main(*sys.argv[1:])
