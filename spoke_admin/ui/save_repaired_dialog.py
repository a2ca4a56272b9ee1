"""In which form a repaired file is saved, and where."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from spoke_admin.ui.form import button, dim, wrapped

EXACT = "Nothing but the repairs is changed: this is the file to import."
SAFE = "Cells that a spreadsheet would compute get an apostrophe in front: to look at, not to import."


class SaveRepairedDialog(QDialog):
    """Asks for the form, then for the place. `wanted` carries (Path, whether it is to be safe in a spreadsheet)."""

    wanted = Signal(object)

    def __init__(self, parent: QWidget, file: Path) -> None:
        super().__init__(parent)
        self.setObjectName("save_repaired_dialog")
        self.setWindowTitle("Save the repaired file")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        self._file = file
        self.exact_button = button("For &import (exact)…", "save_exact_button", "primary")
        self.safe_button = button("Safe to open in a &spreadsheet…", "save_safe_button")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(6)
        for it, words, name in ((self.exact_button, EXACT, "exact_help"), (self.safe_button, SAFE, "safe_help")):
            it.setAccessibleDescription(words)
            it.clicked.connect(partial(self._ask_where, it is self.safe_button))
            help_label = dim(words, name)
            help_label.setContentsMargins(0, 0, 0, 12)
            column.addWidget(it)
            column.addWidget(help_label)
        column.addWidget(wrapped("A list of every change is saved beside it.", "changes_help"))
        cancel = button("&Cancel", "cancel_save_repaired_button")
        cancel.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 16, 0, 0)
        foot.addStretch(1)
        foot.addWidget(cancel)
        column.addLayout(foot)

    def _ask_where(self, safe: bool) -> None:
        place = self._file.with_name(f"{self._file.stem}-{'to-look-at' if safe else 'repaired'}.csv")
        dialog = QFileDialog(self.parentWidget(), "Save the repaired file", str(place), "CSV (*.csv)")
        dialog.setObjectName("save_repaired_file_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        wanted = self.wanted
        dialog.fileSelected.connect(lambda chosen: wanted.emit((Path(chosen), safe)))
        dialog.finished.connect(self.accept)
        self.hide()
        dialog.open()
