"""Evidence as a small list: what was looked at, found beside expected, with a word for whether they match."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from spoke_admin.domain.systems import Fact
from spoke_admin.ui.form import CopyButton, dim, wrapped

NARROW = 560  # more than what it needs side by side, or it would never become narrow


class FactsCard(QFrame):
    """The facts (fact_1_found, fact_1_expected, fact_1_match, copy_fact_1) and the notes (note_1).

    Expected stands beside found; where that is too narrow, below it.
    """

    def __init__(self, facts: Sequence[Fact], notes: Sequence[str]) -> None:
        super().__init__()
        self.setObjectName("facts_card")
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        self._column = column
        column.setSpacing(10)
        self._rows = [_cells(fact, number) for number, fact in enumerate(facts, 1)]
        compared = any(fact.expected for fact in facts)
        self._headings = (dim("Found", "facts_found_heading"), dim("Expected", "facts_expected_heading"))
        for heading in self._headings:
            heading.setParent(self)
            heading.setVisible(compared)
        self._compared = compared
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(1, 3)
        column.addLayout(self._grid)
        for number, note in enumerate(notes, 1):
            line = wrapped(f"⚠ {note}", f"note_{number}")
            line.setProperty("role", "warning_note")
            column.addWidget(line)
        self._narrow: bool | None = None
        self._lay_out(narrow=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out(narrow=self.width() < NARROW)

    def _lay_out(self, *, narrow: bool) -> None:
        if narrow is self._narrow:
            return
        self._narrow = narrow
        side = 10 if narrow else 18
        self._column.setContentsMargins(side, 14, side, 14)
        self._grid.setHorizontalSpacing(10 if narrow else 16)
        self._grid.setColumnStretch(2, 0 if narrow or not self._compared else 3)
        for heading, column in zip(self._headings, (1, 2), strict=True):
            self._grid.addWidget(heading, 0, column)
            heading.setVisible(self._compared and not narrow)
        for number, (label, found, expected, match, copy) in enumerate(self._rows, 1):
            upper, lower = (2 * number, 2 * number + 1) if narrow else (number, number)
            places = ((label, upper, 0), (found, upper, 1), (expected, lower, 1 if narrow else 2),
                      (match, lower, 2 if narrow else 3), (copy, upper, 2 if narrow else 4))  # fmt: skip
            for widget, row, column in places:
                if widget is not None:
                    self._grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop)


Cells = tuple[QWidget, QWidget, QWidget | None, QWidget | None, QWidget | None]


def _cells(fact: Fact, number: int) -> Cells:
    """Label, found, expected, match, copy button."""
    label = dim(fact.label, f"fact_{number}_label")
    found = wrapped(fact.found, f"fact_{number}_found")
    expected = wrapped(fact.expected, f"fact_{number}_expected") if fact.expected else None
    copy = CopyButton(fact.label, f"copy_fact_{number}", lambda: fact.found) if fact.copy else None
    return label, found, expected, _match(fact, number), copy


def _match(fact: Fact, number: int) -> QLabel | None:
    if fact.ok is None:
        return None
    words = ("✓ matches" if fact.ok else "✗ differs") if fact.expected else ("✓" if fact.ok else "✗")
    label = QLabel(words)
    label.setObjectName(f"fact_{number}_match")
    label.setProperty("role", "done" if fact.ok else "error")
    return label
