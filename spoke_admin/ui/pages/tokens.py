"""The tokens of the open connection: where they are, what is known of them, copying, storing, regenerating."""

from functools import partial

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState
from spoke_admin.domain.token_kinds import OtherKindError, Wanted, read_pasted
from spoke_admin.ui.form import button, dim, form, row, wrapped
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.question import Question
from spoke_admin.ui.secret_clipboard import SecretClipboard
from spoke_admin.ui.tasks import Task, Tasks
from spoke_admin.ui.token_details import TokenDetails
from spoke_admin.ui.token_field import TokenField
from spoke_admin.ui.token_renewal import (
    Renewal,
    Renewed,
    outcome_words,
    tell_interrupted,
    tell_outcome,
    warning_before_renewal,
    why_not_renewed,
)
from spoke_admin.ui.token_states import (
    GIVEN,
    SHUT,
    Details,
    Owner,
    Proof,
    Role,
    Standing,
    owners,
    proof,
    said,
    settled,
    standing,
    unlocked,
    warning_before_forgetting,
)
from spoke_admin.ui.token_status import StatusLine, worse


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
        self._given = False  # by the rehearsal: neither saved nor forgotten here
        self._shut = False  # the keychain would answer after a person opened it
        self._task: Task | None = None
        self.renewal = Renewal(tasks, self)
        self.renewal.told.connect(lambda words: self._say(f"Regenerating… {words}", "dim"))
        self.renewal.ended.connect(self._renewed)
        self.clipboard = SecretClipboard(self)
        self.clipboard.told.connect(lambda told: self.countdown.setText(told.words))
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
        self.status_line = StatusLine()
        self.status, self.sign = self.status_line.label, self.status_line.sign
        rows.addRow(dim("Status", "token_status_label"), self.status_line)
        self.details = TokenDetails()
        rows.addRow(dim("Details", "token_details_label"), self.details)
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
        self.unlock_button = button("&Unlock the keychain…", "unlock_keychain_button")
        self.unlock_button.setToolTip("Lets the keychain's own window ask you, and waits for your answer.")
        self.unlock_button.clicked.connect(self.unlock)
        self.cancel_button = button("Cancel", "cancel_unlock_button")
        self.cancel_button.clicked.connect(self.cancel_unlock)
        self.cancel_button.hide()
        for it in (
            self.save_button,
            self.forget_button,
            self.regenerate_button,
            self.unlock_button,
            self.cancel_button,
        ):
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
        if connection is None or owner is None or self.renewal.running:
            return
        self.message.clear()
        self.address.setText(owner.address)
        self._say("Looking into the keychain…", "dim")
        self._stop_looking()
        self._task = self.tasks.run(
            partial(standing, connection, owner), partial(self._show_standing, owner), self._failed, owner=self
        )

    def _stop_looking(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.cancel_button.hide()

    def _current(self) -> Owner | None:
        place = self.owner.currentIndex()
        return self._owners[place] if 0 <= place < len(self._owners) else None

    def _show_standing(self, owner: Owner, standing: Standing) -> None:
        """Shows the keychain's answer; a token that is there is tried at once."""
        kept = standing.kept
        self.cancel_button.hide()
        self._shut = kept.secret is None and kept.state in SHUT
        self._given = kept.backend == GIVEN
        self.details.show_details(standing.details)
        if kept.secret is not None or kept.state is KeychainState.MISSING:
            self._take(kept)
        self._enable()
        self._say(standing.words, standing.role)
        if standing.interrupted:
            tell_interrupted(self.message, lambda: self._renew(resume=True))
        if kept.secret is not None and self.connection is not None:
            look = partial(proof, self.connection, owner, kept.secret, standing.details)
            self._task = self.tasks.run(look, partial(self._show_proof, standing), self._failed, owner=self)

    def _show_proof(self, standing: Standing, proof: Proof) -> None:
        self.details.show_details(proof.details)
        self._say(f"{standing.words} {proof.words}", worse(standing.role, proof.role))

    def _say(self, words: str, role: Role) -> None:
        self.status_line.say(words, role)

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
        self._secret, self._settled, self._given, self._shut = None, False, False, False
        self._fill(None)
        self.details.show_details(Details())
        self._enable()

    def _mask(self) -> None:
        self.field.setEchoMode(QLineEdit.EchoMode.Password)

    def _enable(self) -> None:
        connection, owner = self.connection, self._current()
        free = owner is not None and not self.renewal.running
        typed = self.field.text().strip()
        saved = self._settled and self._secret is not None and typed == self._secret.reveal()
        self.field.setEnabled(free)
        self.owner.setEnabled(free)
        self.save_button.setEnabled(free and bool(typed) and not saved and not self._given)
        self.copy_button.setEnabled(self._secret is not None)
        self.reveal_button.setEnabled(bool(self.field.text()))
        self.forget_button.setEnabled(free and self._secret is not None and not self._given)
        self.unlock_button.setVisible(free and self._shut)
        reason = why_not_renewed(connection, owner)
        self.regenerate_button.setEnabled(free and not reason)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _failed(self, error: AdminError) -> None:
        self.message.show_error(error, self.verify, "Look again")
        self._say(error.title, "error")

    def recolour(self) -> None:
        if hasattr(self, "countdown"):  # the palette may change while the page is built
            self.status_line.draw_sign()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._mask()

    # what is done

    def copy(self) -> None:
        """Onto the clipboard, for half a minute."""
        if self._secret is not None:
            self.clipboard.copy(self._secret)

    def save(self) -> None:
        """Stores what was pasted, after a look whether it can be the token that is wanted here."""
        owner = self._current()
        if owner is not None and self.save_button.isEnabled():
            self._save(owner, owner.wanted)

    def _save(self, owner: Owner, wanted: Wanted) -> None:
        connection = self.connection
        if connection is None:
            return
        try:
            secret = read_pasted(self.field.text(), wanted)
        except AdminError as error:
            insist = (lambda: self._save(owner, "any")) if isinstance(error, OtherKindError) else None
            self.message.show_error(error, insist, "Save it all the same")
            self.field.setFocus()
            self.field.selectAll()
            return
        self.message.clear()
        self._say("Storing…", "dim")
        self._stop_looking()

        async def keep() -> Standing:
            return await said(owner, await connection.tokens.keep(owner.address, secret))

        self._task = self.tasks.run(keep, partial(self._show_standing, owner), self._failed, owner=self)

    def unlock(self) -> None:
        """Lets the system's own window ask the person; nothing else waits meanwhile."""
        connection, owner = self.connection, self._current()
        if connection is None or owner is None:
            return
        self._stop_looking()
        self.unlock_button.hide()
        self.cancel_button.show()
        self.cancel_button.setFocus()
        self._say("Waiting for your answer in the keychain's own window…", "dim")
        look = partial(unlocked, connection, owner)
        self._task = self.tasks.run(look, partial(self._show_standing, owner), self._failed, owner=self)

    def cancel_unlock(self) -> None:
        """Waits no longer; the keychain's own window is left to the person."""
        self._stop_looking()
        self._say("The keychain was not waited for; its own window may still be open.", "warning")
        self._enable()

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
        from spoke_admin.connection import forget_token

        self.clipboard.clear()
        self.message.clear()  # what it says of the token is over
        self._stop_looking()
        self.field.setFocus()  # where another one is pasted; the button of the question is gone

        async def forgotten() -> Standing:
            return await said(owner, await forget_token(owner.address, connection.tokens))

        self._task = self.tasks.run(forgotten, partial(self._show_standing, owner), self._failed, owner=self)

    def _ask_to_regenerate(self) -> None:
        if self.connection is not None:
            self._ask_nothing()
            self.sure.ask(warning_before_renewal(self.connection))

    def regenerate(self) -> None:
        """A new token: made, kept, proved, handed over; the old one ended."""
        self._renew()

    def _renew(self, *, resume: bool = False, confirmed: bool = False) -> None:
        if self.connection is None or self.renewal.running:
            return
        self.hold_focus()
        self._ask_nothing()
        self.message.clear()
        self._say("Regenerating…", "dim")
        self._stop_looking()
        self.renewal.begin(self.connection, resume=resume, confirmed=confirmed)
        self._enable()

    def _renewed(self, renewed: Renewed) -> None:
        self._enable()
        if self.hasFocus():
            self.regenerate_button.setFocus()
        outcome = renewed.outcome
        if renewed.connection is not self.connection:  # another connection was opened meanwhile
            self.verify()
            if renewed.fault is not None:
                self.message.show_error(renewed.fault)
        elif outcome is None:
            self._show_fault(renewed)
        else:
            if outcome.kept is not None:
                self._secret, self._settled = outcome.kept.secret, settled(outcome.kept)
                self._fill(outcome.kept.secret)
                self._enable()
                self.details.show_details(renewed.details)
            done = outcome.state in ("done", "none") and self._settled
            self._say(outcome_words(outcome), "done" if done else "warning")
            tell_outcome(
                self.message,
                outcome,
                lambda: self._renew(resume=True, confirmed=True),
                lambda: self.go.emit(GoTo("set_up", "api_integration")),
            )

    def _show_fault(self, renewed: Renewed) -> None:
        error = renewed.fault or AdminError("Nothing was regenerated.", "")
        self._say(error.title, "error")
        if renewed.unfinished:
            self.message.show_error(error, lambda: self._renew(resume=True), "Finish it")
        else:
            self.message.show_error(error, self.verify, "Look again")
