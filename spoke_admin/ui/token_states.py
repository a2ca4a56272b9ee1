"""What the page Tokens asks and does, without a window: whose tokens there are, how one stands, a new one."""

from dataclasses import dataclass
from typing import Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState, ScimCounts

Role = Literal["done", "warning", "error", "dim"]


@dataclass(frozen=True, slots=True)
class Owner:
    """An address a token belongs to: what the token is called, and who takes it."""

    words: str
    who: str
    address: str
    is_scim: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a token stands, in words; `kept` is the keychain's own answer."""

    kept: KeptToken
    words: str
    role: Role


@dataclass(frozen=True, slots=True)
class Proof:
    """What one authenticated call with a token showed."""

    words: str
    role: Role


@dataclass(frozen=True, slots=True)
class Renewed:
    """A regenerated token. It is shown this once: `secret` is all there is of it where it could not be kept.

    `counts` is what it opened; where that could not be proved, `fault` says why.
    """

    secret: Secret
    kept: KeptToken
    counts: ScimCounts | None
    fault: AdminError | None


def owners(connection: Connection | None) -> list[Owner]:
    """The addresses of a connection that need a token. The sandbox's keys live in memory only and are not shown."""
    if connection is None:
        return []
    title, service = connection.profile.title, connection.service
    found = [Owner(f"{title}, SCIM", title, service.scim_url, is_scim=True)]
    if connection.sandbox:
        return found
    if service.settings_url is not None:
        found.append(Owner(f"{title}, settings", title, service.settings_url))
    if connection.console_url:
        found.append(Owner("Okta, API", "Okta", connection.console_url))
    return found


async def standing(connection: Connection, owner: Owner) -> Standing:
    """Asks the keychain; never shows more of the token than its last four characters."""
    return await said(owner, await connection.tokens.read(owner.address))


async def said(owner: Owner, kept: KeptToken) -> Standing:
    """The keychain's answer in words, with the time when the token was set where that is known."""
    if kept.secret is None:
        return _without(kept)
    ends = f"ends in {kept.secret.last_four} and is" if kept.secret.last_four else "is"
    if kept.state is not KeychainState.AVAILABLE:
        why = kept.title if kept.state is KeychainState.SESSION_ONLY else f"{kept.title} {kept.remedy}"
        return Standing(kept, f"The token {ends} kept in memory until this program ends. {why}".strip(), "warning")
    from spoke_admin.connection import token_set_at

    when = await token_set_at(owner.address)
    since = f", set {when.astimezone():%Y-%m-%d %H:%M}" if when else ""
    return Standing(kept, f"The token {ends} kept in {kept.backend}{since}.", "done")


def _without(kept: KeptToken) -> Standing:
    words = f"{kept.title} {kept.remedy}".strip()
    if kept.state is KeychainState.MISSING:
        return Standing(kept, f"No token is kept for this address. {words}".strip(), "warning")
    return Standing(kept, words, "warning" if kept.state is KeychainState.SESSION_ONLY else "error")


def settled(kept: KeptToken) -> bool:
    """Whether saving again would change nothing: it is in the keychain, or there is none."""
    return kept.secret is not None and kept.state in (KeychainState.AVAILABLE, KeychainState.SESSION_ONLY)


async def proof(owner: Owner, secret: Secret) -> Proof:
    """One authenticated read with the token; changes nothing."""
    from spoke_admin.connection import check_token

    try:
        works = await check_token(owner.address, secret)
    except AdminError as error:
        return Proof(f"It could not be tried: {error.title}", "warning")
    if works:
        return Proof(f"{owner.who} takes it.", "done")
    return Proof(f"{owner.who} refuses it: it was regenerated or revoked since. Paste the new one.", "error")


async def renewed(connection: Connection) -> Renewed:
    """Regenerates the SCIM token, keeps it and proves it by a call.

    Raises AdminError before anything is changed, or when the service refuses. Once the service has answered, the new
    token comes back whatever happens: it is shown this once.
    """
    from spoke_admin.guides.service_steps import make_sure_a_token_can_be_kept

    await make_sure_a_token_can_be_kept(connection)
    secret = await connection.service.regenerate_token()
    try:
        kept = await connection.tokens.keep(connection.service.scim_url, secret)
    except AdminError as error:
        kept = KeptToken(KeychainState.DENIED, "", None, error.title, error.remedy)
    try:
        counts = await connection.service.probe(secret)
    except AdminError as error:
        return Renewed(secret, kept, None, error)
    return Renewed(secret, kept, counts, None)


def renewed_words(new: Renewed) -> str:
    """What became of a new token: where it is, and what it opened."""
    ends = f"The new token ends in {new.secret.last_four}"
    place = (
        f"in {new.kept.backend}" if new.kept.state is KeychainState.AVAILABLE else "in memory until this program ends"
    )
    opens = f"It opens SCIM: {new.counts}." if new.counts else "It could not be tried yet."
    return f"{ends} and is kept {place}. {opens}"


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
    ends = "The old token ends at once" if connection.profile.scim.new_token_ends_old else "The old token may end"
    return (
        f"{ends}: Okta cannot push to {connection.profile.title} until it has the new one. "
        "The guide's step API integration hands it over."
    )


def warning_before_forgetting(owner: Owner) -> str:
    """What is said before a token leaves this computer."""
    return (
        f"The token is removed from this computer; {owner.who} goes on taking it, from whoever holds it. "
        "It cannot be shown again: to work from here, a token must be regenerated or pasted."
    )
