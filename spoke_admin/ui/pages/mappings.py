"""What each attribute of a person becomes at the service: the default mapping, and one person's forecast."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QTableWidget, QTableWidgetItem

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.forecast import FieldForecast, Verdict, forecast
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import Attribute, ServiceProfile
from spoke_admin.domain.systems import Connection
from spoke_admin.ui import theme
from spoke_admin.ui.findings_model import visible
from spoke_admin.ui.form import dim, form, row, wrapped
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.tables import as_list, row_icon
from spoke_admin.ui.tasks import Task, Tasks

MAPPING_WIDTHS = (180, 150, 190)  # pixels; the rule has the rest
SHORTEST_TABLE = 160
LONGEST_VALUE = 200  # characters

WORDS = {
    Verdict.SET: "will be set",
    Verdict.UNCHANGED: "unchanged",
    Verdict.NORMALISED: "will be normalised",
    Verdict.IGNORED: "will be ignored",
    Verdict.REJECTED: "will be rejected",
}
SIGNS = {
    Verdict.SET: "ready",
    Verdict.UNCHANGED: "done",
    Verdict.NORMALISED: "ready",
    Verdict.IGNORED: "warning",
    Verdict.REJECTED: "error",
}


@dataclass(frozen=True)
class Preview:
    """One person's forecast; `compared` says whether the live profile was looked at."""

    rows: tuple[FieldForecast, ...]
    compared: str


class MappingsPage(Page):
    """The profile's default mapping, and below it what becomes of one person."""

    name = "mappings"
    title = "Mappings"
    lead = "What Okta sends for each attribute, and what becomes of it. Nothing is sent from here."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._people: Sequence[Person] = ()
        self._rows: tuple[FieldForecast, ...] = ()
        self._roster: Path | None = None
        self._task: Task | None = None
        self.mapping = _table(
            "mapping_table", "Default mapping", ("Okta attribute", "Service attribute", "SCIM path", "Rule")
        )
        self.mapping.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.body.addWidget(self.mapping, 2)
        rows = form()
        self.person = QComboBox()
        self.person.setMaxVisibleItems(20)
        self.person.currentIndexChanged.connect(lambda _: self._forecast())
        row(rows, "&Preview of", self.person, "person_picker")
        self.body.addLayout(rows)
        self.summary = wrapped("", "verdict_summary")
        self.compared = dim("", "preview_compared")
        self.body.addWidget(self.summary)
        self.preview = _table("preview_table", "Forecast", ("Field", "From", "Value", "Verdict", "Reason"))
        self.body.addWidget(self.preview, 3)
        self.body.addWidget(self.compared)
        self.set_connection(None)

    # the people

    def set_connection(self, connection: Connection | None) -> None:
        super().set_connection(connection)
        self._stop()
        self._show_people(())
        for widget in (self.mapping, self.person, self.preview):
            widget.setEnabled(connection is not None)
        if connection is None:
            self.mapping.setRowCount(0)
            self.summary.setText("No connection is open: open one on the page Overview.")
            return
        self._show_mapping(connection.profile)
        if self.isVisible():
            self.verify()

    def set_roster(self, path: Path) -> None:
        """Its people are offered where the identity provider cannot be asked."""
        self._roster = path
        if self.isVisible():
            self.verify()

    def shown(self) -> None:
        self.verify()

    def verify(self) -> None:
        """Asks for the people again."""
        connection, roster = self.connection, self._roster
        if connection is None:
            return
        self.message.clear()
        self._stop()
        if connection.identity_provider is not None:
            self.summary.setText("Asking for the people…")
            self._task = self.tasks.run(
                connection.identity_provider.people, self._take_people, self._failed, owner=self
            )
        elif roster is not None:
            self.summary.setText(f"Reading {roster.name}…")
            self._task = self.tasks.work(
                lambda _progress, _cancelled: _people_of(roster), self._take_people, self._failed, owner=self
            )
        else:
            self._show_people(())
            self.summary.setText("There is nobody to preview yet.")
            self.message.show_note(
                "Okta cannot be asked for its people from here.", "Open a file of users: its people are offered then."
            )
            self.message.offer("Open one on Users", lambda: self.go.emit(GoTo("users")))

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _take_people(self, people: Sequence[Person]) -> None:
        self._show_people(people)
        if people:
            self._forecast()
        else:
            self.summary.setText("There are no people yet.")

    def _show_people(self, people: Sequence[Person]) -> None:
        """Offers these, the one that was chosen still chosen."""
        before = self._chosen()
        self._people = people
        with QSignalBlocker(self.person):
            self.person.clear()
            self.person.addItems([f"{person.name} ({person.login})" for person in people])
            same = (place for place, person in enumerate(people) if before and person.id == before.id)
            self.person.setCurrentIndex(next(same, 0) if people else -1)
        self._show_preview(Preview((), ""))

    def _chosen(self) -> Person | None:
        place = self.person.currentIndex()
        return self._people[place] if 0 <= place < len(self._people) else None

    # what becomes of one

    def _show_mapping(self, profile: ServiceProfile) -> None:
        lines = [
            (_sources(attribute), attribute.label, attribute.path, _rule(attribute, profile))
            for attribute in profile.attribute
        ]
        _fill(self.mapping, [[QTableWidgetItem(text) for text in line] for line in lines])
        for column, width in enumerate(MAPPING_WIDTHS):
            self.mapping.setColumnWidth(column, width)

    def _forecast(self) -> None:
        person, connection = self._chosen(), self.connection
        if connection is None or person is None:
            return
        self._stop()
        self.summary.setText("Forecasting…")
        self._task = self.tasks.run(partial(_preview, connection, person), self._show_preview, self._failed, owner=self)

    def _failed(self, error: AdminError) -> None:
        self._show_people(())
        self.summary.setText(error.title)
        self.message.show_error(error, self.verify)

    def _show_preview(self, preview: Preview) -> None:
        self._rows = preview.rows
        self.compared.setText(preview.compared)
        counts = Counter(row.verdict for row in preview.rows)
        words = [f"{counts[verdict]} {text}" for verdict, text in WORDS.items() if counts[verdict]]
        self.summary.setText(", ".join(words))
        _fill(self.preview, [_items(row) for row in preview.rows])
        self.preview.resizeColumnsToContents()

    def recolour(self) -> None:
        if hasattr(self, "preview"):  # the palette may change while the page is built
            _fill(self.preview, [_items(row) for row in self._rows])


def _people_of(path: Path) -> list[Person]:
    from spoke_admin.roster.people import people_of

    return people_of(path)


async def _preview(connection: Connection, person: Person) -> Preview:
    """The forecast of a person, against what the service holds now where it can be asked."""
    title = connection.profile.title
    try:
        held = await connection.service.find_user(person.login)
        there = f"{title} holds this person already." if held else f"{title} does not know this person yet."
        compared = f"{there} Compared with the live profile."
    except AdminError as error:
        held, compared = None, f"Not compared with the live profile: {error.title}"
    return Preview(tuple(forecast(person, connection.profile, held)), compared)


def _sources(attribute: Attribute) -> str:
    return f"user.{attribute.source}" + (f", else user.{attribute.fallback}" if attribute.fallback else "")


def _rule(attribute: Attribute, profile: ServiceProfile) -> str:
    rules = ["required"] if attribute.required else []
    if attribute.rule == "email":
        rules.append("valid e-mail address")
    if attribute.rule == "phone" and profile.phone is not None:
        refused = " or ".join(f"1-{prefix}" for prefix in profile.phone.refused_prefixes)
        rules.append(f"valid US number, not {refused}; anything else is silently ignored")
    if attribute.path in profile.user.fixed:
        rules.append("a later change is ignored")
    rules.append(f"at most {attribute.max_length} characters")
    return ", ".join(rules)


def _items(row: FieldForecast) -> list[QTableWidgetItem]:
    now = theme.colours()
    colours = {Verdict.IGNORED: now.warning, Verdict.REJECTED: now.error}
    icon = row_icon(SIGNS[row.verdict], colours.get(row.verdict, now.done))
    texts = [QTableWidgetItem(text) for text in (row.label, row.source, visible(row.value, LONGEST_VALUE))]
    return [*texts, QTableWidgetItem(icon, WORDS[row.verdict]), QTableWidgetItem(row.reason)]


def _table(name: str, words: str, heads: Sequence[str]) -> QTableWidget:
    """Rules and reasons are sentences: rows are as high as theirs."""
    table = QTableWidget(0, len(heads))
    as_list(table, name, words)
    table.setHorizontalHeaderLabels(list(heads))
    table.setMinimumHeight(SHORTEST_TABLE)
    table.horizontalHeader().sectionResized.connect(lambda *_: table.resizeRowsToContents())
    return table


def _fill(table: QTableWidget, lines: Sequence[Sequence[QTableWidgetItem]]) -> None:
    table.setRowCount(len(lines))
    for line, items in enumerate(lines):
        for column, item in enumerate(items):
            item.setToolTip(item.text())
            table.setItem(line, column, item)
    table.resizeRowsToContents()
