"""The fields of a guide's step as widgets. The object name of each is the field's name."""

from collections.abc import Callable
from pathlib import Path
from textwrap import fill

from PySide6.QtCore import QObject, QSignalBlocker, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Field, Filled, Option
from spoke_admin.domain.systems import Connection
from spoke_admin.ui.form import button, dim, row, wrapped
from spoke_admin.ui.tasks import Task, Tasks

DOCUMENT_BYTES = 5 * 1024 * 1024
AFTER_TYPING_MS = 400
NARROW_WORDS = 34  # characters on a line


class FieldView(QObject):
    """One field of a step. `answer()` is what the step is given; `edited` says whether a person changed it."""

    def __init__(self, field: Field, parent: QObject) -> None:
        super().__init__(parent)
        self.field = field
        self.edited = False
        self.widget: QWidget

    def add_to(self, form: QFormLayout) -> None:
        """Adds the row of this field; label, buddy and names are set here."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is shown")

    def answer(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} has no answer")

    def fill(self, filled: Filled) -> None:
        """Options and the value to start with."""
        raise NotImplementedError(f"{type(self).__name__} cannot be filled")

    def set_narrow(self, *, narrow: bool) -> None:
        """There is little room, or enough again."""

    def _edit(self) -> None:
        self.edited = True


class TextField(FieldView):
    """One line."""

    def add_to(self, form: QFormLayout) -> None:
        self.widget = self._line = QLineEdit()
        self._line.textEdited.connect(self._edit)
        row(form, self.field.label, self._line, self.field.name, self.field.help)

    def answer(self) -> str:
        return self._line.text()

    def fill(self, filled: Filled) -> None:
        self._line.setText(filled.value)


class ChoiceField(FieldView):
    """One of several; the note of the chosen one stands below."""

    def add_to(self, form: QFormLayout) -> None:
        self.widget = self._box = QComboBox()
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.setMinimumContentsLength(12)
        self._note = wrapped("", f"{self.field.name}_note")
        self._note.setProperty("role", "warning_note")
        self._notes: dict[str, str] = {}
        self._box.currentIndexChanged.connect(self._show_note)
        self._box.activated.connect(self._edit)
        row(form, self.field.label, self._box, self.field.name, self.field.help, below=(self._note,))
        self._note.hide()

    def answer(self) -> str:
        return str(self._box.currentData() or "")

    def fill(self, filled: Filled) -> None:
        with QSignalBlocker(self._box):
            self._box.clear()
            for option in filled.options:
                self._box.addItem(option.label, option.value)
        self._notes = {option.value: option.note for option in filled.options}
        self._box.setCurrentIndex(max(0, self._box.findData(filled.value)) if filled.options else -1)
        self._show_note()

    def _show_note(self) -> None:
        note = self._notes.get(self.answer(), "")
        self._note.setText(note)
        self._note.setVisible(bool(note))


class ChecksField(FieldView):
    """Any of several boxes, named FIELD_OPTION; the answer is the chosen ones divided by blanks."""

    def add_to(self, form: QFormLayout) -> None:
        self.widget = QWidget()
        self._column = QVBoxLayout(self.widget)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._boxes: dict[str, QCheckBox] = {}
        self._options: tuple[Option, ...] = ()
        self._narrow = False
        row(form, self.field.label, self.widget, self.field.name, self.field.help)

    def answer(self) -> str:
        return " ".join(value for value, box in self._boxes.items() if box.isChecked())

    def fill(self, filled: Filled) -> None:
        chosen = filled.value.split()
        for box in self._boxes.values():
            self._column.removeWidget(box)
            box.deleteLater()
        self._options = filled.options
        self._boxes = {option.value: QCheckBox(self.widget) for option in filled.options}
        for option in filled.options:
            box = self._boxes[option.value]
            box.setObjectName(f"{self.field.name}_{option.value.lower()}")
            box.setAccessibleName(option.label)
            box.setToolTip(option.note)
            box.setChecked(option.value in chosen)
            box.toggled.connect(self._edit)
            self._column.addWidget(box)
            box.show()
        self._show_words()

    def set_narrow(self, *, narrow: bool) -> None:
        self._narrow = narrow
        self._show_words()

    def _show_words(self) -> None:
        """A check box does not wrap its words by itself."""
        for option in self._options:
            words = fill(option.label, NARROW_WORDS) if self._narrow else option.label
            self._boxes[option.value].setText(words)


class DocumentField(FieldView):
    """A document by its address, from a file, pasted or dropped; below it what was understood (NAME_understood)."""

    def __init__(self, field: Field, tasks: Tasks, connection: Connection, parent: QObject) -> None:
        super().__init__(field, parent)
        self._tasks = tasks
        self._connection = connection
        self._task: Task | None = None
        self._dialog: QFileDialog | None = None
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(AFTER_TYPING_MS)
        self._typed.timeout.connect(self._understand)

    def add_to(self, form: QFormLayout) -> None:
        self.widget = self._text = _DropText(self.open_file)
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(64)
        self._text.setPlaceholderText("https://…  or  <EntityDescriptor …>")
        self._text.textChanged.connect(self._on_text)
        choose = button("Choose a file…", f"{self.field.name}_file_button")
        choose.clicked.connect(self._choose)
        self._understood = dim("", f"{self.field.name}_understood")
        row(form, self.field.label, self._text, self.field.name, self.field.help, below=(self._understood, choose))

    def answer(self) -> str:
        return self._text.toPlainText().strip()

    def fill(self, filled: Filled) -> None:
        with QSignalBlocker(self._text):
            self._text.setPlainText(filled.value)
        self._understand()

    def open_file(self, path: Path) -> None:
        """Reads a document into the field; a fault is said below it."""
        self._say("Reading the file…")
        self._task = self._tasks.work(
            lambda _progress, _cancelled: read_document(path),
            self._take,
            self._say_error,
            owner=self,
        )

    def _take(self, text: str) -> None:
        self._text.setPlainText(text)

    def _choose(self) -> None:
        self._dialog = dialog = QFileDialog(self._text, self.field.label, "", "XML (*.xml);;All files (*)")
        dialog.setObjectName(f"{self.field.name}_dialog")
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_text(self) -> None:
        self._edit()
        self._typed.start()

    def _understand(self) -> None:
        given = self.answer()
        if self._task is not None:
            self._task.cancel()
        if not given:
            self._say("")
        elif given.lower().startswith(("http://", "https://")):
            self._say("Reading the address…")
            self._task = self._tasks.run(lambda: self._fetched(given), self._say, self._say_error, owner=self)
        else:
            self._task = self._tasks.work(
                lambda _progress, _cancelled: understood(given), self._say, self._say_error, owner=self
            )

    async def _fetched(self, address: str) -> str:
        if self._connection.fetch_document is None:
            raise AdminError("Addresses cannot be read here.", "Paste the document itself.")
        return understood(await self._connection.fetch_document(address))

    def _say(self, words: str) -> None:
        self._understood.setText(words)

    def _say_error(self, error: AdminError) -> None:
        self._understood.setText(f"{error.title} {error.remedy}")


class _DropText(QPlainTextEdit):
    """A text field that takes a dropped file as a file, not as its address."""

    def __init__(self, take: Callable[[Path], None]) -> None:
        super().__init__()
        self._take = take

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if local:
            event.acceptProposedAction()
            self._take(Path(local[0]))
        else:
            super().dropEvent(event)


def read_document(path: Path) -> str:
    """The text of a document of at most 5 MB. Raises AdminError when it cannot be read."""
    try:
        if not path.is_file():
            raise AdminError(f"{path.name} is not a file.", "Choose the XML file that the identity provider gave you.")
        size = path.stat().st_size
        if size > DOCUMENT_BYTES:
            raise AdminError(f"{path.name} is {size:,} bytes long; metadata is far shorter.", "Choose another file.")
        raw = path.read_bytes()
    except OSError as fault:
        raise AdminError(
            f"{path.name} cannot be read.", "Check that the file is there and yours.", str(fault)
        ) from None
    return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")


def understood(document: str) -> str:
    """What identity provider metadata says, in words. Raises AdminError when it is none."""
    from spoke_admin.saml.metadata import read_metadata  # lxml and cryptography: after the first paint

    metadata = read_metadata(document)
    lines = [f"Understood: identity provider {metadata.entity_id}", f"Sign-on: {metadata.sign_on_url}"]
    lines += [
        f"Signing certificate {certificate.sha256[:16]}…, valid to {certificate.not_after:%Y-%m-%d}"
        for certificate in metadata.certificates
    ]
    return "\n".join(lines)


def field_view(field: Field, tasks: Tasks, connection: Connection, parent: QObject) -> FieldView:
    """The widget for a field of a step."""
    if field.kind == "xml":
        return DocumentField(field, tasks, connection, parent)
    return {"text": TextField, "choice": ChoiceField, "checks": ChecksField}[field.kind](field, parent)
