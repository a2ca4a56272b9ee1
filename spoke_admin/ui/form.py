"""Form rows that nobody can build without a name: label, buddy, object name and help are set together."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

COPIED_MS = 2000


def form() -> QFormLayout:
    """An empty form in the look of this program."""
    layout = QFormLayout()
    layout.setHorizontalSpacing(16)
    layout.setVerticalSpacing(12)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    return layout


def row(
    layout: QFormLayout,
    label: str,
    widget: QWidget,
    name: str,
    help: str = "",  # noqa: A002  # the word of domain.guide.Field
    beside: Sequence[QWidget] = (),
    below: Sequence[QWidget] = (),
) -> QLabel:
    """Adds a row. `label` may hold a mnemonic (&Base URL); `help` is shown below the field.

    `beside` stand after the field, `below` under its help: a label that wraps belongs there, for as a row of its own
    QFormLayout gives it far too much height.

    Sets the object names NAME, NAME_label and NAME_help. A label that shows a value keeps its text as its name.
    """
    caption = QLabel(label)
    caption.setObjectName(f"{name}_label")
    caption.setBuddy(widget)
    identify(widget, name, label.replace("&", ""))
    if help:
        widget.setToolTip(help)
        widget.setAccessibleDescription(help)
    layout.addRow(caption, _column(widget, name, help, beside, below) if help or beside or below else widget)
    return caption


def identify(widget: QWidget, name: str, words: str) -> None:
    """Object name and accessible name of a control; of a label that shows a value only the object name."""
    widget.setObjectName(name)
    if not isinstance(widget, QLabel):
        widget.setAccessibleName(words)


def _column(
    widget: QWidget,
    name: str,
    help: str,  # noqa: A002  # as in row
    beside: Sequence[QWidget],
    below: Sequence[QWidget],
) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    line = QHBoxLayout()
    line.setSpacing(8)
    line.addWidget(widget, 1)
    for other in beside:
        line.addWidget(other)
    column.addLayout(line)
    if help:
        column.addWidget(dim(help, f"{name}_help"))
    for other in below:
        if isinstance(other, QLabel):
            column.addWidget(other)
        else:
            column.addWidget(other, 0, Qt.AlignmentFlag.AlignLeft)
    return holder


def dim(text: str, name: str) -> QLabel:
    """A quieter label that wraps: explanations."""
    label = wrapped(text, name)
    label.setProperty("role", "dim")
    return label


def wrapped(text: str, name: str) -> QLabel:
    """A label whose text wraps and can be selected; it is plain text, whatever a server put into it."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    label.setMinimumWidth(80)
    return label


def button(text: str, name: str, role: str = "") -> QPushButton:
    """A push button; role "primary" is the one that leads on, "danger" the one that hurts."""
    it = QPushButton(text)
    it.setObjectName(name)
    it.setProperty("role", role)
    it.setAutoDefault(False)
    return it


class Value(QWidget):
    """A value to read and, with `copy`, to carry elsewhere: a label NAME and a button copy_NAME with a tick."""

    def __init__(self, words: str, name: str, text: str = "", copy: bool = True, where_to: str = "") -> None:
        """`words` name the value ("Base URL"); `where_to` says where it goes and becomes the button's tooltip."""
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.label = wrapped(text, name)
        line.addWidget(self.label, 1)
        self.copy_button = CopyButton(words, f"copy_{name}", self.text, where_to)
        self.copy_button.setVisible(copy)
        line.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)

    def text(self) -> str:
        return self.label.text()

    def set_text(self, text: str) -> None:
        self.label.setText(text)


class CopyButton(QPushButton):
    """Copies what `text()` gives and shows a tick for two seconds."""

    def __init__(self, words: str, name: str, text: Callable[[], str], where_to: str = "") -> None:
        super().__init__("Copy")
        self._text = text
        self._words = words
        self.setObjectName(name)
        self.setAccessibleName(f"Copy {words}")
        self.setToolTip(where_to or f"Copy {words}")
        self.setAutoDefault(False)
        self.clicked.connect(self.copy)

    def copy(self) -> None:
        """Puts the value on the clipboard."""
        QGuiApplication.clipboard().setText(self._text())
        self.setText("✓ Copied")
        self.setAccessibleName(f"Copied {self._words}")
        QTimer.singleShot(COPIED_MS, self, self._restore)

    def _restore(self) -> None:
        self.setText("Copy")
        self.setAccessibleName(f"Copy {self._words}")


def value_row(layout: QFormLayout, label: str, name: str, text: str = "", copy: bool = True) -> Value:
    """A row that shows a value, which stays readable as the label's text; with a copy button."""
    value = Value(label.replace("&", ""), name, text, copy)
    caption = QLabel(label)
    caption.setObjectName(f"{name}_label")
    layout.addRow(caption, value)
    return value
