"""The tokens of the open connection: where they are, copying, storing, regenerating."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState
from spoke_admin.ui.form import button, dim, form, row, wrapped
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.secret_clipboard import Countdown, SecretClipboard
from spoke_admin.ui.tasks import Task, Tasks
from spoke_admin.ui.theme import set_role


@dataclass(frozen=True)
class Owner:
    """An address a token may belong to, and what it is called."""

    words: str
    address: str
    is_scim: bool


class TokensPage(Page):
    """One token at a time: its state in words, the masked token, and what can be done with it."""

    name = "tokens"
    title = "Tokens"
    lead = "Tokens live in the keychain of this computer, each below the address it belongs to, and nowhere else."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._owners: list[Owner] = []
        self._secret: Secret | None = None
        self._task: Task | None = None
        self.clipboard = SecretClipboard(self)
        self.clipboard.told.connect(self._show_countdown)
        card = QFrame()
        card.setObjectName("token_card")
        card.setProperty("role", "card")
        self.rows = form()
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 16, 20, 16)
        column.addLayout(self.rows)
        self._build_rows(self.rows)
        self._build_buttons(column)
        self._build_regenerate(column)
        self.body.addWidget(card)
        self.body.addStretch(1)
        self.set_connection(None)

    def _build_rows(self, rows: QFormLayout) -> None:
        self.owner = QComboBox()
        self.owner.currentIndexChanged.connect(lambda _: self.verify())
        row(rows, "&Belongs to", self.owner, "token_owner")
        self.address = wrapped("", "token_address")
        rows.addRow(dim("Address", "token_address_label"), self.address)
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.textEdited.connect(lambda _: self._enable())
        self.field.returnPressed.connect(self.save)
        self.reveal_button = button("&Reveal", "reveal_token_button")
        self.reveal_button.setToolTip("Shows the token while it is pressed.")
        self.reveal_button.pressed.connect(lambda: self.field.setEchoMode(QLineEdit.EchoMode.Normal))
        self.reveal_button.released.connect(lambda: self.field.setEchoMode(QLineEdit.EchoMode.Password))
        self.copy_button = button("&Copy", "copy_token_button")
        self.copy_button.setToolTip("Into Okta: the application, Provisioning, Integration, API token.")
        self.copy_button.clicked.connect(self.copy)
        row(rows, "API &token", self.field, "token_field", beside=(self.reveal_button, self.copy_button))
        self.status = wrapped("", "token_status")
        rows.addRow(dim("Status", "token_status_label"), self.status)
        self.countdown = dim("", "clipboard_countdown")
        rows.addRow(self.countdown)

    def _build_buttons(self, column: QVBoxLayout) -> None:
        line = QHBoxLayout()
        self.save_button = button("&Save in the keychain", "save_token_button", "primary")
        self.save_button.clicked.connect(self.save)
        self.forget_button = button("&Forget", "forget_token_button")
        self.forget_button.clicked.connect(self.forget)
        self.regenerate_button = button("Re&generate…", "regenerate_token_button")
        self.regenerate_button.clicked.connect(lambda: self._ask(asking=True))
        for it in (self.save_button, self.forget_button, self.regenerate_button):
            line.addWidget(it)
        line.addStretch(1)
        column.addLayout(line)

    def _build_regenerate(self, column: QVBoxLayout) -> None:
        """What is said before the old token ends, and the button that does it."""
        self.sure = QFrame()
        self.sure.setObjectName("regenerate_box")
        self.sure.setProperty("role", "warning_box")
        inner = QVBoxLayout(self.sure)
        self.sure_words = wrapped("", "regenerate_words")
        inner.addWidget(self.sure_words)
        line = QHBoxLayout()
        self.confirm_button = button("Regenerate now", "confirm_regenerate_button", "danger")
        self.confirm_button.clicked.connect(self.regenerate)
        self.keep_button = button("Keep the old one", "keep_old_token_button")
        self.keep_button.clicked.connect(lambda: self._ask(asking=False))
        line.addWidget(self.confirm_button)
        line.addWidget(self.keep_button)
        line.addStretch(1)
        inner.addLayout(line)
        column.addWidget(self.sure)
        self.sure.hide()

    # what is shown

    def set_connection(self, connection: Connection | None) -> None:
        super().set_connection(connection)
        self._owners = _owners(connection)
        with QSignalBlocker(self.owner):
            self.owner.clear()
            self.owner.addItems([owner.words for owner in self._owners])
        self._take(None)
        self._ask(asking=False)
        if connection is None:
            self.status.setText("No connection is open.")
            self.address.setText("")

    def shown(self) -> None:
        self.verify()

    def verify(self) -> None:
        """Looks into the keychain again."""
        connection, owner = self.connection, self._current()
        if connection is None or owner is None:
            return
        self.message.clear()
        self.address.setText(owner.address)
        self.status.setText("Looking into the keychain…")
        self._run(partial(connection.tokens.read, owner.address), self._show_kept)

    def _run(self, coroutine: object, done: object) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self.tasks.run(coroutine, done, self._failed, owner=self)  # type: ignore[arg-type]  # checked by run

    def _current(self) -> Owner | None:
        place = self.owner.currentIndex()
        return self._owners[place] if 0 <= place < len(self._owners) else None

    def _show_kept(self, kept: KeptToken) -> None:
        self._take(kept.secret)
        if kept.secret is not None:
            place = "in memory until this program ends" if kept.state is KeychainState.SESSION_ONLY else kept.backend
            where = f"kept {place}" if place.startswith("in ") else f"kept in {place}"
            self._say(f"The token ends in {kept.secret.last_four or 'a few characters'} and is {where}.", "done")
        elif kept.state is KeychainState.MISSING:
            self._say(f"No token is kept for this address. {kept.title}".strip(), "warning")
        else:
            self._say(f"{kept.title} {kept.remedy}", "warning" if kept.state is KeychainState.SESSION_ONLY else "error")

    def _say(self, words: str, role: str) -> None:
        self.status.setText(words)
        set_role(self.status, role)

    def _take(self, secret: Secret | None) -> None:
        self._secret = secret
        self.field.setText(secret.reveal() if secret else "")
        self.field.setPlaceholderText("" if secret else "Paste a token")
        self._enable()

    def _enable(self) -> None:
        connection, owner = self.connection, self._current()
        changed = self.field.text().strip() != (self._secret.reveal() if self._secret else "")
        self.field.setEnabled(owner is not None)
        self.owner.setEnabled(owner is not None)
        self.save_button.setEnabled(owner is not None and changed and bool(self.field.text().strip()))
        self.copy_button.setEnabled(self._secret is not None)
        self.reveal_button.setEnabled(bool(self.field.text()))
        self.forget_button.setEnabled(self._secret is not None)
        by_program = connection is not None and connection.service.settings_url is not None
        self.regenerate_button.setEnabled(by_program and owner is not None and owner.is_scim)

    def _failed(self, error: AdminError) -> None:
        self.message.show_error(error, self.verify, "Look again")
        self._say(error.title, "error")

    # what is done

    def copy(self) -> None:
        """Onto the clipboard, for half a minute."""
        if self._secret is not None:
            self.clipboard.copy(self._secret)

    def _show_countdown(self, countdown: Countdown) -> None:
        words = f"On the clipboard; taken away in {countdown.seconds} s." if countdown.seconds else ""
        self.countdown.setText(words)

    def save(self) -> None:
        """Stores what was pasted, after a look whether it can be a token."""
        connection, owner = self.connection, self._current()
        if connection is None or owner is None or not self.save_button.isEnabled():
            return
        try:
            secret = Secret(self.field.text())
        except AdminError as error:
            self.message.show_error(error)
            self.field.setFocus()
            return
        self.message.clear()
        self._run(partial(connection.tokens.keep, owner.address, secret), self._show_kept)

    def forget(self) -> None:
        """Removes the token from the keychain; the service still takes it."""
        connection, owner = self.connection, self._current()
        if connection is None or owner is None:
            return
        self.clipboard.clear()
        self._run(partial(connection.tokens.forget, owner.address), self._show_kept)

    def _ask(self, *, asking: bool) -> None:
        title = self.connection.profile.title if self.connection else ""
        self.sure_words.setText(
            f"The old token ends at once: Okta cannot push to {title} until it has the new one. "
            "The guide's step API integration hands it over."
        )
        self.sure.setVisible(asking)
        if asking:
            self.keep_button.setFocus()

    def regenerate(self) -> None:
        """A new token: made, kept, proved."""
        connection = self.connection
        if connection is None:
            return
        self._ask(asking=False)
        self.message.clear()
        self._say("Regenerating…", "dim")
        self._run(partial(_regenerated, connection), self._regenerated)

    def _regenerated(self, kept: KeptToken) -> None:
        self._show_kept(kept)
        self.message.show_note("The new token works; the old one has ended.", "Now hand it over to Okta.")
        self.message.offer("API integration", lambda: self.go.emit(GoTo("set_up", "api_integration")))


async def _regenerated(connection: Connection) -> KeptToken:
    from spoke_admin.guides.service_steps import new_token

    await new_token(connection, lambda _: None)
    return await connection.tokens.read(connection.service.scim_url)


def _owners(connection: Connection | None) -> list[Owner]:
    """The addresses of a connection that need a token. The sandbox's keys live in memory only and are not shown."""
    if connection is None:
        return []
    title, service = connection.profile.title, connection.service
    owners = [Owner(f"{title}, SCIM", service.scim_url, is_scim=True)]
    if connection.sandbox:
        return owners
    if service.settings_url is not None:
        owners.append(Owner(f"{title}, settings", service.settings_url, is_scim=False))
    if connection.console_url:
        owners.append(Owner("Okta, API", connection.console_url, is_scim=False))
    return owners
