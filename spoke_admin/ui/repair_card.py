"""Repairs of the open file: chosen in a dialog, undone with a click, saved as a copy."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.ui.form import button, wrapped
from spoke_admin.ui.messages import Message
from spoke_admin.ui.progress_row import ProgressRow
from spoke_admin.ui.repair_dialog import RepairDialog
from spoke_admin.ui.repairs import Applied, counted, save
from spoke_admin.ui.roster_check import Checked
from spoke_admin.ui.save_repaired_dialog import SaveRepairedDialog
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress

if TYPE_CHECKING:
    from spoke_admin.ui.page import Page


class RepairCard(QFrame):
    """What is applied, hidden while nothing is. `check_wanted` carries the path of a saved file to be checked."""

    check_wanted = Signal(object)

    def __init__(self, page: "Page", message: Message) -> None:
        """`message` shows what became of a saving."""
        super().__init__()
        self.setObjectName("repairs_card")
        self.setProperty("role", "done_box")
        self._page = page
        self._tasks: Tasks = page.tasks
        self._message = message
        self._checked: Checked | None = None
        self._profile: ServiceProfile | None = None
        self._applied: Applied | None = None
        self._saving: Task | None = None
        self.repair_button = button("&Repair…", "repair_button")
        self.repair_button.clicked.connect(self._ask)
        self.save_button = button("Save repaired…", "save_repaired_button")
        self.save_button.clicked.connect(self._ask_where)
        self.words = wrapped("", "repairs_label")
        self.undo_button = button("&Undo", "undo_repairs_button")
        self.undo_button.clicked.connect(self.undo)
        self.progress = ProgressRow("Progress of the repair", "save_repaired_")
        self.progress.cancelled.connect(self._cancel)
        line = QHBoxLayout()
        line.addWidget(self.words, 1)
        line.addWidget(self.undo_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 12, 10)
        column.addLayout(line)
        column.addWidget(self.progress)
        self.show_checked(None, None)

    def show_checked(self, checked: Checked | None, profile: ServiceProfile | None) -> None:
        """Another file, or the same one checked again: what was applied to it holds no more."""
        self._cancel()
        self._checked, self._profile = checked, profile
        self.repair_button.setEnabled(checked is not None)
        self._show(None)

    def undo(self) -> None:
        """Nothing is repaired; the file was not changed anyway."""
        self._cancel()
        self._show(None)
        self.repair_button.setFocus()

    def _show(self, applied: Applied | None) -> None:
        self._applied = applied
        self.save_button.setEnabled(applied is not None)
        self.setVisible(applied is not None)
        if applied is not None:
            self._say("not saved yet")
            QTimer.singleShot(0, self, self._come_into_view)

    def _say(self, state: str) -> None:
        if self._applied is not None:
            self.words.setText(f"{counted(self._applied.count)} applied, {state}: {self._applied.words}.")

    def _come_into_view(self) -> None:
        self._page.area.ensureWidgetVisible(self)

    def _ask(self) -> None:
        if self._checked is not None and self._profile is not None:
            dialog = RepairDialog(self._page, self._tasks, self._checked, self._profile)
            dialog.applied.connect(self._take)
            dialog.open()

    def _take(self, applied: Applied) -> None:
        self._message.clear()
        self._show(applied)
        self.save_button.setFocus()

    # saving

    def _ask_where(self) -> None:
        if self._checked is not None:
            dialog = SaveRepairedDialog(self._page, self._checked.result.file)
            dialog.wanted.connect(self._save)
            dialog.open()

    def _save(self, wanted: tuple[Path, bool]) -> None:
        to, safe = wanted
        checked, profile, applied = self._checked, self._profile, self._applied
        if checked is None or profile is None or applied is None:
            return
        self._message.clear()
        self._cancel()

        def work(progress: TellProgress, cancelled: Cancelled) -> Path:
            return save(checked.result, profile, applied, to, safe=safe, progress=progress, cancelled=cancelled)

        self.save_button.setEnabled(False)
        self.progress.begin()
        self._saving = self._tasks.work(work, partial(self._saved, to), self._refused, self.progress.tell, owner=self)

    def _saved(self, to: Path, changes: Path) -> None:
        self._ended()
        self._say(f"saved as {to.name}")
        words = f"Every change is listed beside it, in {changes.name}."
        self._message.show_note(f"The repaired file is saved as {to.name}.", words)
        self._message.offer("Check the repaired file", lambda: self.check_wanted.emit(to))

    def _refused(self, error: AdminError) -> None:
        self._ended()
        self._message.show_error(error)

    def _cancel(self) -> None:
        if self._saving is not None:
            self._saving.cancel()
            self._ended()

    def _ended(self) -> None:
        self._saving = None
        self.progress.hide()
        self.save_button.setEnabled(self._applied is not None)
