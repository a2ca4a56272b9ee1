"""A new token in the old one's place, from the window: begun, gone on with, and told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QObject, Signal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.rotation import Outcome
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState
from spoke_admin.ui.messages import Message
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.token_states import Details, Owner, owners, said, settled


@dataclass(frozen=True)
class Renewed:
    """What became of it: an outcome with what is known of the token that is kept now, or the fault that stopped it.

    `unfinished`: it is to be gone on with.
    """

    connection: Connection
    outcome: Outcome | None = None
    fault: AdminError | None = None
    unfinished: bool = False
    details: Details = field(default_factory=Details)


class Renewal(QObject):
    """One rotation at a time. `told` carries words of its progress, `ended` a Renewed."""

    told = Signal(object)
    ended = Signal(object)

    def __init__(self, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.running = False

    def begin(self, connection: Connection, *, resume: bool = False, confirmed: bool = False) -> None:
        """Begins, or goes on; `confirmed`: a person entered the new token at the identity provider."""
        if self.running:
            return
        self.running = True
        tell = self._tasks.here(self.told.emit, self)
        self._tasks.run(
            partial(_renewed, connection, tell, resume, confirmed),
            self._end,
            lambda error: self._end(Renewed(connection, fault=error)),
            owner=self,
        )

    def _end(self, renewed: Renewed) -> None:
        self.running = False
        self.ended.emit(renewed)


async def _renewed(connection: Connection, tell: Callable[[str], None], resume: bool, confirmed: bool) -> Renewed:
    from spoke_admin.adapters.hand_over import HandingOver
    from spoke_admin.connection import may_stay_in_memory, rotate_token, rotation_was_interrupted

    try:
        how = HandingOver(confirmed=confirmed, memory=may_stay_in_memory(connection))
        outcome = await rotate_token(connection, tell, how, resume=resume)
        details = (await said(owners(connection)[0], outcome.kept)).details if outcome.kept else Details()
        return Renewed(connection, outcome, details=details)
    except AdminError as fault:
        unfinished = await rotation_was_interrupted(connection.service.scim_url, connection.tokens)
        return Renewed(connection, fault=fault, unfinished=unfinished)


def outcome_words(outcome: Outcome) -> str:
    """Where the new token is, and what it opened."""
    kept = outcome.kept
    if kept is None or kept.secret is None or outcome.state == "taken_back":
        return outcome.words or "There was nothing left to finish."
    place = f"in {kept.backend}" if kept.state is KeychainState.AVAILABLE else "in memory until this program ends"
    opens = f" It opens SCIM: {outcome.counts}." if outcome.counts else ""
    return f"The new token ends in {kept.secret.last_four} and is kept {place}.{opens}"


def gap_words(outcome: Outcome) -> str:
    """How long the identity provider stood without a token that works."""
    if outcome.gap_s is None:
        return ""
    if outcome.overlap:
        return "Both lived at once: nothing stood still."
    return f"The identity provider was without a working token for {outcome.gap_s:.1f} s."


def tell_outcome(
    message: Message, outcome: Outcome, hand_over_done: Callable[[], None], see_step: Callable[[], None]
) -> None:
    """What became of it, and the one thing that comes next."""
    if outcome.state in ("none", "taken_back"):
        return
    if outcome.kept is not None and not settled(outcome.kept):
        _tell_not_kept(message, outcome.kept)
    elif outcome.state == "waiting":
        message.show_warning("The new token works; one thing is left for you.", outcome.words)
        message.offer("Okta has it: go on", hand_over_done)
    else:
        words = f"{gap_words(outcome)} {outcome.words}".strip()
        message.show_note("The new token works; the old one has ended.", words)
        message.offer("API integration", see_step)


def _tell_not_kept(message: Message, kept: KeptToken) -> None:
    remedy = f"{kept.remedy} Then save it here, or copy it now: it is shown this once.".strip()
    message.show_error(AdminError(f"The new token is not in the keychain. {kept.title}".strip(), remedy))


def tell_interrupted(message: Message, finish: Callable[[], None]) -> None:
    """An earlier rotation is to be gone on with."""
    message.show_warning(
        "The regeneration of this token was interrupted.",
        "What was made is in the keychain; finishing it ends every other token that was made on the way.",
    )
    message.offer("Finish it", finish)


def why_not_renewed(connection: Connection | None, owner: Owner | None) -> str:
    """Why a token cannot be regenerated from here, and where it can be; "" when it can."""
    if connection is None or owner is None:
        return ""
    if not owner.is_scim:
        return f"This key is made in the console of {owner.who}; paste it above and save it."
    if connection.service.settings_url is None:
        path = " › ".join(connection.profile.scim.token_path) or "its settings"
        return f"A new token is made in {owner.who} itself, under {path}; paste it above and save it."
    return ""


def warning_before_renewal(connection: Connection) -> str:
    """What is said before the old token ends."""
    provider = connection.identity_provider
    by_itself = provider is not None and provider.stand_in
    who = "the rehearsal's Okta gets it by itself" if by_itself else "you enter it in Okta"
    ends = "The old token ends at once" if connection.profile.scim.new_token_ends_old else "The old token may end"
    return (
        f"{ends}: Okta cannot push until it has the new one ({who}); how long that takes is measured. "
        "Where the service lets both live at once, the old one ends last and nothing stands still."
    )
