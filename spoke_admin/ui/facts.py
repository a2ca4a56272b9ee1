"""Evidence as a small list: what was looked at, found beside expected, with a word for whether they match."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from spoke_admin.domain.systems import Fact
from spoke_admin.ui.form import CopyButton, dim, wrapped


def facts_card(facts: Sequence[Fact], notes: Sequence[str]) -> QFrame:
    """A card with the facts (fact_1_found, fact_1_expected, fact_1_match, copy_fact_1) and the notes (note_1)."""
    card = QFrame()
    card.setObjectName("facts_card")
    card.setProperty("role", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(18, 14, 18, 14)
    column.setSpacing(10)
    if facts:
        column.addLayout(_grid(facts))
    for number, note in enumerate(notes, 1):
        line = wrapped(f"⚠ {note}", f"note_{number}")
        line.setProperty("role", "warning")
        column.addWidget(line)
    return card


def _grid(facts: Sequence[Fact]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 3)
    compared = any(fact.expected for fact in facts)
    if compared:
        grid.setColumnStretch(2, 3)
        for column, words in enumerate(("", "Found", "Expected")):
            if words:
                grid.addWidget(dim(words, f"facts_{words.lower()}_heading"), 0, column)
    for number, fact in enumerate(facts, 1):
        for column, widget in enumerate(_cells(fact, number)):
            if widget is not None:
                grid.addWidget(widget, number, column, Qt.AlignmentFlag.AlignTop)
    return grid


def _cells(fact: Fact, number: int) -> tuple[QWidget | None, ...]:
    label = QLabel(fact.label)
    label.setObjectName(f"fact_{number}_label")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "dim")
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
