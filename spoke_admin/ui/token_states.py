"""What the page Tokens asks, without a window: whose tokens there are, how one stands, and what is known of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState, Unlocks
from spoke_admin.domain.token_kinds import Wanted

Role = Literal["done", "warning", "error", "dim"]
GIVEN = "given for this run"  # by whoever started the stand-ins: not from the keychain
SHUT = (KeychainState.LOCKED, KeychainState.TIMED_OUT)  # a person can open it, in the system's own window


@dataclass(frozen=True, slots=True)
class Owner:
    """An address a token belongs to: what the token is called, and who takes it."""

    words: str
    who: str
    address: str
    wanted: Wanted = "service"
    is_scim: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of a token; times are aware. `unused`: it expires only if nobody uses it till then."""

    backend: str = ""
    set_at: datetime | None = None
    used: datetime | None = None
    expires: datetime | None = None
    unused: bool = False
    last_four: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a token stands, in words; `kept` is the keychain's own answer. `interrupted`: its rotation is unfinished."""

    kept: KeptToken
    words: str
    role: Role
    details: Details = Details()
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What one authenticated call with a token showed."""

    words: str
    role: Role
    details: Details


def owners(connection: Connection | None) -> list[Owner]:
    """The addresses of a connection that need a token. The sandbox's settings take the key that its Okta takes."""
    if connection is None:
        return []
    title, service = connection.profile.title, connection.service
    found = [Owner(f"{title}, SCIM", title, service.scim_url, is_scim=True)]
    if service.settings_url is not None and not connection.sandbox:
        found.append(Owner(f"{title}, settings", title, service.settings_url))
    provider = connection.identity_provider
    url = connection.console_url or (provider.url if provider is not None else "")
    if url:
        found.append(Owner("Okta, API", "Okta", url, "okta" if connection.console_url else "any"))
    return found


async def standing(connection: Connection, owner: Owner) -> Standing:
    """Asks the keychain; never shows more of the token than its last four characters."""
    return await _whole(connection, owner, await connection.tokens.read(owner.address))


async def unlocked(connection: Connection, owner: Owner) -> Standing:
    """The same, and waits while the system's own window asks a person."""
    tokens = connection.tokens
    kept = await (tokens.unlock(owner.address) if isinstance(tokens, Unlocks) else tokens.read(owner.address))
    return await _whole(connection, owner, kept)


async def _whole(connection: Connection, owner: Owner, kept: KeptToken) -> Standing:
    from spoke_admin.connection import rotation_was_interrupted

    found = await said(owner, kept)
    if not owner.is_scim or kept.state in SHUT:
        return found
    return replace(found, interrupted=await rotation_was_interrupted(owner.address, connection.tokens))


async def said(owner: Owner, kept: KeptToken) -> Standing:
    """The keychain's answer in words, with the time when the token was set where that is known."""
    if kept.secret is None:
        return _without(kept)
    ends = f"ends in {kept.secret.last_four} and is" if kept.secret.last_four else "is"
    if kept.backend == GIVEN:
        words = f"The token {ends} {GIVEN} by the rehearsal; it is kept nowhere and ends with it."
        return Standing(kept, words, "done", await _details(owner, kept, None))
    if kept.state is not KeychainState.AVAILABLE:
        why = kept.title if kept.state is KeychainState.SESSION_ONLY else f"{kept.title} {kept.remedy}"
        words = f"The token {ends} kept in memory until this program ends. {why}".strip()
        return Standing(kept, words, "warning", await _details(owner, kept, None))
    from spoke_admin.connection import token_set_at

    when = await token_set_at(owner.address)
    since = f", set {when.astimezone():%Y-%m-%d %H:%M}" if when else ""
    change = f" {kept.title} {kept.remedy}" if kept.title else ""
    words = f"The token {ends} kept in {kept.backend}{since}.{change}"
    return Standing(kept, words, "warning" if change else "done", await _details(owner, kept, when))


async def _details(owner: Owner, kept: KeptToken, set_at: datetime | None) -> Details:
    from spoke_admin.connection import token_expiry, token_notes
    from spoke_admin.domain.token_kinds import fingerprint

    if kept.secret is None:
        return Details()
    expires, unused = token_expiry(owner.address, kept.secret, set_at)
    return Details(
        kept.backend,
        set_at,
        token_notes().of(owner.address).used,
        expires,
        unused,
        kept.secret.last_four,
        fingerprint(kept.secret),
    )


def _without(kept: KeptToken) -> Standing:
    words = f"{kept.title} {kept.remedy}".strip()
    if kept.state is KeychainState.MISSING:
        return Standing(kept, f"No token is kept for this address. {words}".strip(), "warning")
    return Standing(kept, words, "warning" if kept.state is KeychainState.SESSION_ONLY else "error")


def settled(kept: KeptToken) -> bool:
    """Whether saving again would change nothing: it is in the keychain, or there is none."""
    return kept.secret is not None and kept.state in (KeychainState.AVAILABLE, KeychainState.SESSION_ONLY)


async def proof(connection: Connection, owner: Owner, secret: Secret, details: Details) -> Proof:
    """One authenticated read with the token, and a question when it ends; changes nothing."""
    from spoke_admin.connection import check_token, learn_token_expiry, token_expiry

    if owner.is_scim and connection.service.settings_url is not None:
        try:
            await learn_token_expiry(connection)
            expires, unused = token_expiry(owner.address, secret, details.set_at)
            details = replace(details, expires=expires, unused=unused)
        except AdminError:
            pass  # what is known of it stays; the proof below tells what is wrong
    try:
        works = await check_token(owner.address, secret)
    except AdminError as error:
        return Proof(f"It could not be tried: {error.title}", "warning", details)
    if works:
        return Proof(f"{owner.who} takes it.", "done", details)
    words = f"{owner.who} refuses it: it was regenerated or revoked since. Paste the new one."
    return Proof(words, "error", details)


def warning_before_forgetting(owner: Owner) -> str:
    """What is said before a token leaves this computer."""
    return (
        f"The token is removed from this computer; {owner.who} goes on taking it, from whoever holds it. "
        "It cannot be shown again: to work from here, a token must be regenerated or pasted."
    )
