"""The tokens of the open connection: where they are, copying, storing, regenerating."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState
from spoke_admin.ui import theme
from spoke_admin.ui.form import button, dim, form, row, wrapped
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.question import Question
from spoke_admin.ui.secret_clipboard import Countdown, SecretClipboard
from spoke_admin.ui.tasks import Task, Tasks
from spoke_admin.ui.token_field import TokenField
from spoke_admin.ui.token_states import (
    Owner,
    Proof,
    Renewed,
    Role,
    Standing,
    owners,
    proof,
    renewed,
    renewed_words,
    said,
    settled,
    standing,
    warning_before_forgetting,
    warning_before_renewal,
    why_not_renewed,
)

SIGNS: dict[Role, str] = {"done": "done", "warning": "warning", "error": "error", "dim": "asking"}
WORDS: dict[Role, str] = {"done": "In order", "warning": "Needs you", "error": "Does not work", "dim": "Looking"}
WORST: tuple[Role, ...] = ("error", "warning", "dim", "done")


class TokensPage(Page):
    """One token at a time: its state in words, the masked token, and what can be done with it."""

    name = "tokens"
    title = "Tokens"
    lead = "Tokens live in the keychain of this computer, each below the address it belongs to, and nowhere else."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._owners: list[Owner] = []
        self._secret: Secret | None = None  # what Copy copies
        self._settled = False  # whether saving that again would change nothing
        self._role: Role = "dim"
        self._task: Task | None = None
        self._renewing = False
        self.clipboard = SecretClipboard(self)
        self.clipboard.told.connect(self._show_countdown)
        card = QFrame()
        card.setObjectName("token_card")
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        rows = form()
        column.addLayout(rows)
        self._build_rows(rows)
        self._build_status(rows)
        self._build_buttons(column)
        self.body.addWidget(card)
        self.body.addStretch(1)
        self.set_connection(None)

    # building

    def _build_rows(self, rows: QFormLayout) -> None:
        self.owner = QComboBox()
        self.owner.currentIndexChanged.connect(lambda _: self._choose())
        row(rows, "&Belongs to", self.owner, "token_owner")
        self.address = wrapped("", "token_address")
        rows.addRow(dim("Address", "token_address_label"), self.address)
        self.field = TokenField()
        self.field.textChanged.connect(lambda _: self._enable())
        self.field.returnPressed.connect(self.save)
        self.reveal_button = button("&Reveal", "reveal_token_button")
        self.reveal_button.setToolTip("Shows the token while it is pressed.")
        self.reveal_button.pressed.connect(lambda: self.field.setEchoMode(QLineEdit.EchoMode.Normal))
        self.reveal_button.released.connect(self._mask)
        self.copy_button = button("&Copy", "copy_token_button")
        self.copy_button.setToolTip("Into Okta: the application, Provisioning, Integration, API token.")
        self.copy_button.clicked.connect(self.copy)
        row(rows, "API &token", self.field, "token_field", beside=(self.reveal_button, self.copy_button))

    def _build_status(self, rows: QFormLayout) -> None:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.sign = QLabel()
        self.sign.setObjectName("token_sign")
        self.status = wrapped("", "token_status")
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.status, 1)
        rows.addRow(dim("Status", "token_status_label"), holder)
        self.countdown = dim("", "clipboard_countdown")
        rows.addRow(self.countdown)

    def _build_buttons(self, column: QVBoxLayout) -> None:
        line = QHBoxLayout()
        self.save_button = button("&Save the token", "save_token_button", "primary")
        self.save_button.setToolTip("Into the keychain of this computer.")
        self.save_button.clicked.connect(self.save)
        self.forget_button = button("&Forget…", "forget_token_button")
        self.forget_button.clicked.connect(self._ask_to_forget)
        self.regenerate_button = button("Re&generate…", "regenerate_token_button")
        self.regenerate_button.clicked.connect(self._ask_to_regenerate)
        for it in (self.save_button, self.forget_button, self.regenerate_button):
            line.addWidget(it)
        line.addStretch(1)
        column.addLayout(line)
        self.reason = dim("", "regenerate_reason")
        column.addWidget(self.reason)
        self.sure = Question("regenerate", "Regenerate now", "Keep the old one", self.regenerate)
        self.sure_to_forget = Question("forget", "Forget the token", "Keep it", self.forget)
        column.addWidget(self.sure)
        column.addWidget(self.sure_to_forget)

    # what is shown

    def set_connection(self, connection: Connection | None) -> None:
        super().set_connection(connection)
        self._stop_looking()
        self._owners = owners(connection)
        self._ask_nothing()
        with QSignalBlocker(self.owner):
            self.owner.clear()
            self.owner.addItems([it.words for it in self._owners])
        self._empty()
        self.address.setText(self._owners[0].address if self._owners else "")
        self._say("" if connection else "No connection is open: open one on the page Overview.", "dim")
        if connection is not None and self.isVisible():
            self.verify()

    def shown(self) -> None:
        self.verify()

    def _choose(self) -> None:
        self._ask_nothing()
        self._empty()
        self.verify()

    def verify(self) -> None:
        """Looks into the keychain again and tries the token. What was typed and not saved stays."""
        connection, owner = self.connection, self._current()
        if connection is None or owner is None or self._renewing:
            return
        self.message.clear()
        self.address.setText(owner.address)
        self._say("Looking into the keychain…", "dim")
        self._stop_looking()
        self._task = self.tasks.run(
            partial(standing, connection, owner), partial(self._show_standing, owner), self._failed, owner=self
        )

    def _stop_looking(self) -> None:
        """A regenerated token is waited for: it is shown this once."""
        if self._task is not None and not self._renewing:
            self._task.cancel()

    def _current(self) -> Owner | None:
        place = self.owner.currentIndex()
        return self._owners[place] if 0 <= place < len(self._owners) else None

    def _show_standing(self, owner: Owner, standing: Standing) -> None:
        """Shows the keychain's answer; a token that is there is tried at once."""
        kept = standing.kept
        if kept.secret is not None or kept.state is KeychainState.MISSING:
            self._take(kept)
        self._say(standing.words, standing.role)
        if kept.secret is not None:
            self._task = self.tasks.run(
                partial(proof, owner, kept.secret), partial(self._show_proof, standing), self._failed, owner=self
            )

    def _show_proof(self, standing: Standing, proof: Proof) -> None:
        self._say(f"{standing.words} {proof.words}", min(standing.role, proof.role, key=WORST.index))

    def _say(self, words: str, role: Role) -> None:
        self._role = role
        self.status.setText(words)
        theme.set_role(self.status, role)
        self._draw_sign()

    def _draw_sign(self) -> None:
        now = theme.colours()
        colour = {"done": now.done, "warning": now.warning, "error": now.error}.get(self._role, now.dim)
        self.sign.setPixmap(theme.pixmap(SIGNS[self._role], 16, colour))
        self.sign.setAccessibleName(WORDS[self._role])
        self.sign.setVisible(bool(self.status.text()))

    def _take(self, kept: KeptToken) -> None:
        """Shows the token that is kept, masked. Another one that was typed and not saved stays in the field."""
        before, self._secret, self._settled = self._secret, kept.secret, settled(kept)
        typed = self.field.text().strip()
        if typed in ("", before.reveal() if before else ""):
            self._fill(kept.secret)
        self._enable()

    def _fill(self, secret: Secret | None) -> None:
        self._mask()
        self.field.setText(secret.reveal() if secret else "")
        self.field.setPlaceholderText("" if secret else "Paste a token")

    def _empty(self) -> None:
        self._secret, self._settled = None, False
        self._fill(None)
        self._enable()

    def _mask(self) -> None:
        self.field.setEchoMode(QLineEdit.EchoMode.Password)

    def _enable(self) -> None:
        connection, owner = self.connection, self._current()
        free = owner is not None and not self._renewing
        typed = self.field.text().strip()
        saved = self._settled and self._secret is not None and typed == self._secret.reveal()
        self.field.setEnabled(free)
        self.owner.setEnabled(free)
        self.save_button.setEnabled(free and bool(typed) and not saved)
        self.copy_button.setEnabled(self._secret is not None)
        self.reveal_button.setEnabled(bool(self.field.text()))
        self.forget_button.setEnabled(free and self._secret is not None)
        reason = why_not_renewed(connection, owner)
        self.regenerate_button.setEnabled(free and not reason)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _failed(self, error: AdminError) -> None:
        self.message.show_error(error, self.verify, "Look again")
        self._say(error.title, "error")

    def recolour(self) -> None:
        if hasattr(self, "countdown"):  # the palette may change while the page is built
            self._draw_sign()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._mask()

    # what is done

    def copy(self) -> None:
        """Onto the clipboard, for half a minute."""
        if self._secret is not None:
            self.clipboard.copy(self._secret)

    def _show_countdown(self, countdown: Countdown) -> None:
        words = f"On the clipboard; taken away in {countdown.seconds} s." if countdown.seconds else ""
        if countdown.replaced:
            words = "The clipboard holds something else now, which is left alone."
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
            self.field.selectAll()
            return
        self.message.clear()
        self._say("Storing…", "dim")
        self._stop_looking()

        async def keep() -> Standing:
            return await said(owner, await connection.tokens.keep(owner.address, secret))

        self._task = self.tasks.run(keep, partial(self._show_standing, owner), self._failed, owner=self)

    def _ask_nothing(self) -> None:
        self.sure.hide()
        self.sure_to_forget.hide()

    def _ask_to_forget(self) -> None:
        owner = self._current()
        if owner is not None:
            self._ask_nothing()
            self.sure_to_forget.ask(warning_before_forgetting(owner))

    def forget(self) -> None:
        """Removes the token from the keychain; the service still takes it."""
        connection, owner = self.connection, self._current()
        if connection is None or owner is None:
            return
        self.clipboard.clear()
        self._stop_looking()

        async def forgotten() -> Standing:
            return await said(owner, await connection.tokens.forget(owner.address))

        self._task = self.tasks.run(forgotten, partial(self._show_standing, owner), self._failed, owner=self)

    def _ask_to_regenerate(self) -> None:
        if self.connection is not None:
            self._ask_nothing()
            self.sure.ask(warning_before_renewal(self.connection))

    def regenerate(self) -> None:
        """A new token: made, kept, proved."""
        connection = self.connection
        if connection is None or self._renewing:
            return
        self._ask_nothing()
        self.message.clear()
        self._say("Regenerating…", "dim")
        self._stop_looking()
        self._renewing = True
        self._enable()
        self._task = self.tasks.run(
            partial(renewed, connection), partial(self._renewed, connection), self._not_renewed, owner=self
        )

    def _renewed(self, connection: Connection, new: Renewed) -> None:
        self._renewing = False
        if connection is not self.connection:
            self._enable()
            self._tell_renewed_elsewhere(connection, new)
            return
        self._secret, self._settled = new.secret, settled(new.kept)
        self._fill(new.secret)
        self._enable()
        self._say(renewed_words(new), "done" if self._settled and new.fault is None else "warning")
        if not self._settled:
            self._tell_not_kept(new.kept)
        elif new.fault is not None:
            self.message.show_error(new.fault, self.verify, "Try it again")
        else:
            self.message.show_note("The new token works; the old one has ended.", "Now hand it over to Okta.")
            self.message.offer("API integration", lambda: self.go.emit(GoTo("set_up", "api_integration")))

    def _tell_not_kept(self, kept: KeptToken) -> None:
        self.message.show_error(
            AdminError(
                f"The new token is not in the keychain. {kept.title}".strip(),
                f"{kept.remedy} Then save it here, or copy it now: it is shown this once.".strip(),
            )
        )

    def _tell_renewed_elsewhere(self, connection: Connection, new: Renewed) -> None:
        """Another connection was opened meanwhile."""
        self.verify()
        if new.kept.secret is None:
            self.message.show_error(
                AdminError(f"The new token of {connection.name} was not kept.", "Open it and regenerate once more.")
            )

    def _not_renewed(self, error: AdminError) -> None:
        self._renewing = False
        self._enable()
        self._failed(error)
