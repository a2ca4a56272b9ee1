"""Whether Qt can start here, found out before it aborts the process: system libraries and the display.

Imports nothing of Qt.
"""

import ctypes
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

from spoke_admin.domain.error import AdminError

# What Qt's xcb platform opens, and the Debian package that brings each (Qt's documentation, "Qt for X11 Requirements").
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
}
WITHOUT_DISPLAY = {"offscreen", "minimal", "vnc"}


def check() -> None:
    """Returns when a window can be opened. Raises AdminError naming what to install, or that there is no display."""
    if not sys.platform.startswith("linux"):
        return
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    check_libraries(platform)
    if platform not in WITHOUT_DISPLAY:
        check_display(platform)


def check_libraries(platform: str) -> None:
    """Opens Qt's own libraries as Qt would. Raises AdminError with the Debian packages that are missing."""
    try:
        from PySide6 import QtGui, QtWidgets  # noqa: F401  # only whether it can be imported
    except ImportError as fault:
        raise _missing(str(fault)) from None
    if platform in WITHOUT_DISPLAY or platform.startswith("wayland"):
        return
    plugin = _plugins() / "platforms" / "libqxcb.so"
    try:
        if plugin.is_file():
            ctypes.CDLL(str(plugin))
    except OSError as fault:
        raise _missing(str(fault)) from None


def check_display(platform: str) -> None:
    """Raises AdminError when no display answers; Qt would abort the process instead."""
    name = os.environ.get("DISPLAY", "")
    if platform.startswith("wayland") or (os.environ.get("WAYLAND_DISPLAY") and platform != "xcb"):
        return
    if not name:
        raise AdminError(
            "There is no display to open a window on.",
            "Log in to a desktop, or walk the guide in the terminal with `spoke-admin guide set-up`.",
        )
    if not _answers(name):
        raise AdminError(
            f"The display {name} does not answer.",
            "Check DISPLAY and who may use the display, or use the commands: `spoke-admin --help`.",
        )


def _answers(display: str) -> bool:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    try:
        return int(xcb.xcb_connection_has_error(connection)) == 0
    finally:
        xcb.xcb_disconnect(connection)


def _plugins() -> Path:
    found = find_spec("PySide6")
    return Path(found.origin or "").parent / "Qt" / "plugins" if found else Path()


def _missing(fault: str) -> AdminError:
    """The error that names every missing package, not only the first library the loader stumbled over."""
    lacking = {package for library, package in DEBIAN_PACKAGES.items() if not _opens(library)}
    named = re.search(r"(lib[\w.+-]+\.so[\d.]*): cannot open", fault)
    if named:
        lacking.add(DEBIAN_PACKAGES.get(named[1], named[1]))
    if not lacking:
        return AdminError("Qt cannot be loaded.", "Install the program again: pip install --force-reinstall.", fault)
    packages = " ".join(sorted(lacking))
    return AdminError(
        "System libraries that the window needs are missing.",
        f"On Debian or Ubuntu: sudo apt install {packages}. Until then the commands work: `spoke-admin --help`.",
        fault,
    )


def _opens(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
