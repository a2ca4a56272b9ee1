"""How far a piece of work is, how fast it goes on, how long it will take, and a button that ends it."""

import time

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from spoke_admin.ui.form import button, dim, identify

SECONDS_TO_TELL = 0.3  # before that, rate and time left would be guesses
STEPS = 1000


class ProgressRow(QWidget):
    """Hidden until `begin`. Object names: PREFIXprogress_row, _bar, _label and PREFIXcancel_button.

    `unit` is what is counted: "" for bytes. `cancelled`: the button was pressed.
    """

    cancelled = Signal()

    def __init__(self, words: str, prefix: str = "", unit: str = "") -> None:
        super().__init__()
        self.setObjectName(f"{prefix}progress_row")
        self._unit = unit
        self._began = 0.0
        self.bar = QProgressBar()
        identify(self.bar, f"{prefix}progress_bar", words)
        self.label = dim("", f"{prefix}progress_label")
        self.label.setMinimumWidth(200)
        self.cancel_button = button("&Cancel", f"{prefix}cancel_button")
        self.cancel_button.clicked.connect(self.cancelled)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.bar, 1)
        line.addWidget(self.label)
        line.addWidget(self.cancel_button)
        self.hide()

    def begin(self) -> None:
        """Shows it, at nothing."""
        self._began = time.monotonic()
        self.bar.setRange(0, STEPS)
        self.bar.setValue(0)
        self.label.setText("")
        self.show()

    def tell(self, done: int, total: int) -> None:
        """What of the whole is done by now."""
        seconds = time.monotonic() - self._began
        self.bar.setValue(done * STEPS // max(total, 1))
        if done and seconds > SECONDS_TO_TELL:
            rate = f"{done / seconds:,.0f} {self._unit}/s" if self._unit else f"{done / seconds / 1e6:.1f} MB/s"
            self.label.setText(f"{rate}, {seconds * (total - done) / done:.0f} s left")
