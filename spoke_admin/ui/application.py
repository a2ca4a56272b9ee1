"""Opens the window; nothing of Qt is imported before it is known that Qt can start."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from spoke_admin.adapters import crash_reports, process_guard
from spoke_admin.ui import system_libraries

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from spoke_admin.adapters.stand_in_process import StandIns
    from spoke_admin.domain.error import AdminError
    from spoke_admin.ui.window import Window

log = logging.getLogger(__name__)
ENDING = (signal.SIGINT, signal.SIGTERM)
TURN_S = 0.001  # how long a worker computes before the window gets its turn; Python's own 0.005 adds up to lost frames


class WindowStart(Protocol):
    """What the window opens with: see the command line."""

    @property
    def connection(self) -> str: ...
    @property
    def stand_ins(self) -> "StandIns | None": ...
    @property
    def file(self) -> Path | None: ...
    @property
    def pictures(self) -> Path | None: ...


def run(start: WindowStart) -> int:
    """Shows the window until it is closed; its exit code. With `pictures`: draws the pages and returns.

    Raises AdminError when Qt cannot start here.
    """
    if start.pictures is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    else:
        process_guard.open_to_the_desktop()
    system_libraries.check()
    app = application()
    if start.pictures is not None:
        from PySide6.QtCore import qInstallMessageHandler

        from spoke_admin.ui.pictures import draw_pages

        qInstallMessageHandler(_said_by_qt)
        return draw_pages(start.stand_ins, start.file, start.pictures)
    window = opened_window()
    window.painted.connect(process_guard.protect)
    window.painted.connect(lambda: begin(window, start))
    with ending_signals(window), mistakes_told(window):
        window.show()
        return app.exec()


def application() -> "QApplication":
    """The one QApplication, with name, icon and look."""
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from spoke_admin.adapters.resources import resource
    from spoke_admin.ui import theme

    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication([sys.argv[0]])
    sys.setswitchinterval(TURN_S)
    app.setApplicationName("Spoke Admin")
    app.setApplicationDisplayName("Spoke Admin")
    app.setDesktopFileName("spoke-admin")
    app.setWindowIcon(QIcon(str(resource("icons", "spoke_admin.svg"))))
    theme.apply(app, "system")
    return app


def opened_window() -> "Window":
    """The window where it was left, in the colours that were chosen."""
    from PySide6.QtWidgets import QApplication

    from spoke_admin import connection
    from spoke_admin.domain.error import AdminError
    from spoke_admin.ui import theme
    from spoke_admin.ui.window import Window

    try:
        preferences = connection.preferences()
    except AdminError:
        return Window()  # unreadable preferences are said where connections are offered; the window opens all the same
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, preferences.theme)
    window = Window(preferences.window_geometry)
    window.keep_geometry = preferences.keep_window_geometry
    window.keep_colours = preferences.keep_theme
    return window


def begin(window: "Window", start: WindowStart) -> None:
    """After the first paint: opens what the window was started with."""
    if start.stand_ins is not None:
        window.opening.open_sandbox(start.stand_ins)
    else:
        window.opening.open_kept(start.connection)
    if start.file is not None:
        window.open_file(start.file)
    else:
        window.current.shown()


@contextmanager
def mistakes_told(window: "Window") -> Iterator[None]:
    """What nobody caught, in a slot or a thread, is said on the page that shows."""

    def show(error: "AdminError") -> None:
        window.current.message.show_error(error)

    crash_reports.listen(window.tasks.here(show, window))
    try:
        yield
    finally:
        crash_reports.listen(None)


@contextmanager
def ending_signals(window: "Window") -> Iterator[None]:
    """Ctrl-C and SIGTERM close the window as a person would.

    Python handles a signal only between two of its own instructions, and Qt's loop has none: the signal's byte on a
    socket wakes the loop, whose notifier runs Python.
    """
    from PySide6.QtCore import QSocketNotifier

    reading, writing = socket.socketpair()
    reading.settimeout(0)
    writing.settimeout(0)
    notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read, window)
    notifier.activated.connect(lambda *_: _drain(reading))
    before = {number: signal.signal(number, lambda *_: window.close()) for number in ENDING}
    fd_before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(fd_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        reading.close()
        writing.close()


def _drain(reading: socket.socket) -> None:
    """Reading the byte lets Python run the handler."""
    try:
        reading.recv(64)
    except BlockingIOError:
        return


def _said_by_qt(_kind: object, _context: object, words: str) -> None:
    """Qt's messages, but for what the offscreen platform says of every window."""
    if "propagateSizeHints" not in words:
        log.info("Qt: %s", words)
