"""Opening a connection: the rehearsal on this computer, one that was kept, or new addresses."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.systems import Addresses
from spoke_admin.ui.form import button, dim, form, row, wrapped


class ConnectionForm(QWidget):
    """`rehearse` is pressed for the sandbox; `wanted` carries the Addresses to open."""

    rehearse = Signal()
    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("connection_form")
        self._saved: dict[str, Addresses] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._rehearsal())
        column.addWidget(self._kept())
        column.addWidget(self._new())
        column.addStretch(1)

    def offer(self, profiles: Sequence[ServiceProfile], saved: Sequence[Addresses]) -> None:
        """The profiles to choose from, and the connections that were opened before."""
        self.profile.clear()
        for profile in profiles:
            self.profile.addItem(profile.title, profile.name)
        self._saved = {addresses.name: addresses for addresses in saved}
        self.saved.clear()
        self.saved.addItems(list(self._saved))
        self._kept_card.setVisible(bool(self._saved))

    def addresses(self) -> Addresses:
        """What was typed."""
        scim_url = self.scim_url.text().strip()
        host = scim_url.partition("://")[2].partition("/")[0]
        return Addresses(
            name=self.name.text().strip() or host,
            scim_url=scim_url,
            settings_url=self.settings_url.text().strip(),
            identity_provider_url=self.identity_provider_url.text().strip(),
            profile=str(self.profile.currentData() or "askspoke"),
        )

    def focus_first_error(self) -> None:
        """The address that everything hangs on."""
        self.scim_url.setFocus()

    def set_busy(self, busy: bool) -> None:
        """While a connection is being opened nothing else can be."""
        for it in (self.start_button, self.open_button, self.open_saved_button):
            it.setEnabled(not busy)
        self.start_button.setText("Starting the rehearsal…" if busy else "Start the rehearsal")

    def _rehearsal(self) -> QFrame:
        card, column = _card("rehearsal_card", "Rehearse on this computer", "rehearsal_heading")
        words = "A stand-in askSpoke and a stand-in Okta run on this computer. Nothing leaves it, nothing can break."
        column.addWidget(wrapped(words, "rehearsal_words"))
        self.start_button = button("Start the rehearsal", "start_rehearsal_button", "primary")
        self.start_button.clicked.connect(self.rehearse)
        column.addLayout(_left(self.start_button))
        return card

    def _kept(self) -> QFrame:
        card, column = _card("saved_card", "Open again", "saved_heading")
        self._kept_card = card
        rows = form()
        self.saved = QComboBox()
        self.open_saved_button = button("Open", "open_saved_button")
        self.open_saved_button.clicked.connect(self._open_saved)
        row(rows, "Connection", self.saved, "saved_connection", beside=(self.open_saved_button,))
        column.addLayout(rows)
        card.hide()
        return card

    def _new(self) -> QFrame:
        card, column = _card("new_connection_card", "Open a connection", "new_connection_heading")
        rows = form()
        self.name, self.scim_url, self.settings_url, self.identity_provider_url = (QLineEdit() for _ in range(4))
        self.profile = QComboBox()
        self.profile.setMinimumContentsLength(12)
        row(rows, "&Name", self.name, "connection_name", "What you call it; the host without one.")
        row(rows, "SCIM base &URL", self.scim_url, "scim_url", "Such as https://acme.askspoke.com/scim/v2")
        row(rows, "&Settings URL", self.settings_url, "settings_url", "Only where the service has an API for it.")
        explained = "Your organisation at the identity provider, such as https://acme.okta.com; may stay empty."
        row(rows, "&Identity provider URL", self.identity_provider_url, "identity_provider_url", explained)
        row(rows, "Service &profile", self.profile, "connection_profile", "Which service's rules hold.")
        column.addLayout(rows)
        column.addWidget(dim("Its tokens are kept in the keychain: page Tokens.", "connection_tokens_hint"))
        self.open_button = button("Open the connection", "open_connection_button")
        self.open_button.clicked.connect(lambda: self.wanted.emit(self.addresses()))
        column.addLayout(_left(self.open_button))
        return card

    def _open_saved(self) -> None:
        if (addresses := self._saved.get(self.saved.currentText())) is not None:
            self.wanted.emit(addresses)


def _card(name: str, heading: str, heading_name: str) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setObjectName(name)
    card.setProperty("role", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(20, 16, 20, 16)
    column.setSpacing(12)
    label = wrapped(heading, heading_name)
    label.setProperty("role", "heading")
    column.addWidget(label)
    return card, column


def _left(widget: QWidget) -> QHBoxLayout:
    line = QHBoxLayout()
    line.addWidget(widget)
    line.addStretch(1)
    return line
