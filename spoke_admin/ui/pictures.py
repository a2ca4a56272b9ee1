"""Draws every page, light and dark, into PNG files; no display is needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from spoke_admin.domain.error import AdminError
from spoke_admin.ui import theme
from spoke_admin.ui.window import PAGES, Window
from spoke_admin.ui.wizard import Wizard

if TYPE_CHECKING:
    from spoke_admin.adapters.stand_in_process import StandIns

SIZE = (1280, 800)
SETTLE_MS = 20_000


def draw_pages(stand_ins: "StandIns | None", file: Path | None, folder: Path) -> int:
    """Writes PAGE_light.png and PAGE_dark.png, and set_up_NUMBER_STEP_… for each step, into `folder`; 0.

    Raises AdminError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise AdminError("The pictures cannot be saved.", "Choose another folder.", str(fault)) from None
    window = Window()
    window.resize(*SIZE)
    window.show()
    try:
        if stand_ins is not None:
            window.opening.open_sandbox(stand_ins)
            settle(window)
        for name in PAGES:
            _draw_page(window, name, file, folder)
    finally:
        window.close()
        window.deleteLater()
    return 0


def _draw_page(window: Window, name: str, file: Path | None, folder: Path) -> None:
    if name == "users" and file is not None:
        window.open_file(file)
    else:
        window.show_page(name)
    settle(window)
    page = window.page(name)
    if name == "doctor":  # it asks a service only when it is told to
        page.verify()
        settle(window)
    if not isinstance(page, Wizard):
        _save(window, folder, name)
        return
    for number, step in enumerate(page.guide.steps, 1):
        page.show_part(step.id)
        settle(window)
        _save(window, folder, f"{name}_{number}_{step.id}")


def _save(window: Window, folder: Path, name: str) -> None:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        theme.apply(app, scheme)
        QCoreApplication.processEvents()
        path = folder / f"{name}_{scheme}.png"
        if not window.grab().save(str(path)):
            raise AdminError(f"{path.name} cannot be saved.", "Check the space and rights of the folder.", str(folder))


def settle(window: Window) -> None:
    """Lets the window work until nothing is under way. Raises AdminError after 20 seconds."""
    loop = QEventLoop()
    window.tasks.settled.connect(loop.quit)
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    limit.start(SETTLE_MS)
    while not window.tasks.quiet and limit.isActive():
        loop.exec()
    window.tasks.settled.disconnect(loop.quit)
    if not window.tasks.quiet:
        raise AdminError("A page did not come to rest.", "Look at the window itself: `spoke-admin demo`.")
    QCoreApplication.processEvents()
